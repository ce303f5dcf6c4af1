"""Run folders in the Python API: a trained model with its results and predictions."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxrtune.api.cohort import Cohort
from cxrtune.api.given_cohort import given_cohort, protocol_of, require_cohort
from cxrtune.api.paths import path_of
from cxrtune.api.prediction_table import PredictionTable
from cxrtune.api.reporter import reporter
from cxrtune.api.results import Results, load_results
from cxrtune.errors import DataError, UsageError
from cxrtune.experiment.run import FINE_TUNED, run_experiment
from cxrtune.images.dicom import allowances_of
from cxrtune.models.description import MODEL, ModelInfo, read_info
from cxrtune.notebook_html import card, paragraph
from cxrtune.processors import processor_count
from cxrtune.recipe import Recipe
from cxrtune.recipe_file import load_recipe
from cxrtune.report import DEFAULT_TITLE
from cxrtune.report.page import PAGE_FILE
from cxrtune.scoring.explanation import Explanation
from cxrtune.scoring.prediction import Prediction
from cxrtune.scoring.predictor import Predictor
from cxrtune.stage import sole_writer
from cxrtune.stopping import Stopped, raising_stopped
from cxrtune.training.fine_tuning import Circumstances
from cxrtune.training.metrics import METRICS, tracker_names

if TYPE_CHECKING:
    from cxrtune.images.dicom import Allowance
    from cxrtune.images.sources import Source


class Run:
    """A run folder: the model, its results, and its predictions.

    Attributes:
        folder: Where it is, as an absolute path.
    """

    def __init__(self, folder: str | Path) -> None:
        """Open a run folder that `train`, or the command line, wrote.

        Args:
            folder: The folder.

        Raises:
            DataError: There is no model in it.
            UsageError: The folder is not a path.
        """
        self.folder = path_of(folder, "folder").absolute()  # a notebook may change its directory
        self._require(MODEL)

    @property
    def model(self) -> Path:
        """The model file."""
        return self._require(MODEL)

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings that the model scores."""
        return self._info.findings

    @property
    def recipe(self) -> Recipe:
        """Every choice that the model was trained with."""
        return self._info.recipe

    @property
    def results(self) -> Results:
        """The results on the test images, beside those of the baselines.

        Raises:
            DataError: The folder was moved or deleted, or holds no evaluation.
        """
        self._require(MODEL)
        return load_results(self.folder)

    @property
    def predictions(self) -> PredictionTable:
        """The model's scores of the validation and test images.

        Raises:
            DataError: The folder was moved or deleted, or holds no such table.
        """
        return PredictionTable(self._require(f"predictions/{FINE_TUNED}.parquet"))

    @property
    def baselines(self) -> dict[str, PredictionTable]:
        """The scores of the models that it was compared with, by the name of their file.

        Raises:
            DataError: The folder was moved or deleted.
        """
        files = sorted(self._require("predictions").glob("*.parquet"))
        return {
            file.stem: PredictionTable(file)
            for file in files
            if file.stem != FINE_TUNED and not file.stem.endswith(".logits")
        }

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch: losses, validation AUROC, learning rate, seconds.

        Raises:
            DataError: The folder was moved or deleted, or holds no history.
        """
        return pd.read_csv(self._require(METRICS))

    @property
    def report(self) -> Path:
        """The report, one HTML file.

        Raises:
            DataError: The folder was moved or deleted, or holds no report.
        """
        return self._require(f"report/{PAGE_FILE}")

    @property
    def predictor(self) -> Predictor:
        """The model, ready to score; it is loaded once.

        Raises:
            DataError: The folder was moved or deleted.
            ModelFileError: The model is damaged.
        """
        self._require(MODEL)
        return self._predictor

    def predict(self, source: Source) -> Prediction:
        """Score one image.

        Args:
            source: A file's path; a file's bytes; grey values, uint8 or uint16 (H, W), a torch tensor also
                (1, H, W), bright where the body absorbs most; a PIL image; or a pydicom data set.

        Returns:
            Score, probability, threshold and decision of each finding, and the OOD check.

        Raises:
            UnreadableImageError: The source gives no radiograph.
            UsageError: The source is of another type, or an array that does not hold grey values.
            DataError: The folder was moved or deleted.
        """
        return self.predictor.predict(source)

    def explain(self, source: Source, finding: str | None = None) -> Explanation:
        """Show where a finding is seen in one image.

        Args:
            source: The image, as for `predict`.
            finding: The finding; None takes the first that is positive or, where none is, the one nearest to
                its threshold.

        Returns:
            The heatmap, float32 (H, W), with a figure.

        Raises:
            UnreadableImageError: The source gives no radiograph.
            UsageError: The model does not know the finding, or the source is of another type.
            DataError: The folder was moved or deleted.
        """
        return self.predictor.explain(source, finding)

    def __repr__(self) -> str:
        if not (self.folder / MODEL).is_file():
            return f"Run({str(self.folder)!r}, moved or deleted)"
        return f"Run({str(self.folder)!r}, {len(self.findings)} findings, recipe {self.recipe.name})"

    def _repr_html_(self) -> str:
        if not (self.folder / MODEL).is_file():
            return card(repr(self))
        return card(repr(self), paragraph(", ".join(self.findings)), self.results._repr_html_())

    @cached_property
    def _info(self) -> ModelInfo:
        return read_info(self._require(MODEL))

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor.load(self.folder)

    def _require(self, name: str) -> Path:
        """Return a file of the folder.

        Raises:
            DataError: The folder or the file does not exist.
        """
        path = self.folder / name
        if not self.folder.is_dir():
            raise DataError(
                "there is no such run folder: it was moved or deleted, or never made",
                path=self.folder,
                remedy="Open it at its new place with Run(folder), or train again.",
            )
        if not path.exists():
            raise DataError(
                f"the run folder has no {name}",
                path=self.folder,
                remedy="Train into this folder again: what is finished is kept.",
            )
        return path


def train(
    cohort: Cohort,
    out: str | Path,
    *,
    recipe: str | Path = "reference",
    workers: int | None = None,
    max_unreadable: float = 0.01,
    allow: Sequence[Allowance] = (),
    title: str = DEFAULT_TITLE,
    resume: bool = True,
    trackers: Sequence[str] = (),
    verbose: bool = True,
    **changes: Any,
) -> Run:
    """Fine-tune a model and find out what it is worth: every stage, from images to report.

    What is finished is kept: the same call again does nothing, and a call that was interrupted resumes.

    Args:
        cohort: The images, with training and validation parts.
        out: The run folder.
        recipe: `reference`, `quick`, `strong`, `demo`, or the path of a YAML file.
        workers: Number of decoding processes; None for one per CPU.
        max_unreadable: Largest share of unreadable images that is accepted, in [0, 1].
        allow: DICOM files that are taken although they can be no frontal chest radiograph: `modality`,
            `multiframe`, `colour`, `lateral`.
        title: The report's.
        resume: Resume a training that was interrupted; False starts it again.
        trackers: Other tools to which every epoch is reported: `tensorboard`, `mlflow`.
        verbose: Report the progress, with bars; otherwise warnings only.
        changes: Keys of the recipe with other values, such as `training={"epochs": 3}`, `weights="random"`.

    Returns:
        The run.

    Raises:
        RecipeError: The recipe has no such key, or its value is wrong.
        UsageError: An argument is of a wrong type, or another process works on the run folder.
        CxrtuneError: A stage failed; what earlier stages wrote is kept.
        KeyboardInterrupt: It was interrupted; the same call resumes.
    """
    require_cohort(cohort)
    if "protocol" in changes:
        raise UsageError(
            "the protocol is the cohort's",
            remedy="Name it where the cohort is made: Cohort.from_nih(folder, protocol=NAME).",
        )
    if workers is not None and workers < 1:
        raise UsageError(f"`workers` is {workers}", remedy="Give the number of processes, or None.")
    allowed = allowances_of(allow)
    folder, named, told = path_of(out, "out"), path_of(recipe, "recipe"), reporter(verbose=verbose)
    chosen = load_recipe(str(named), (), told.warn, changes=changes)
    protocol = protocol_of(cohort)
    if protocol is not None:
        chosen = chosen.model_copy(update={"protocol": protocol})
    with _interruptible(), sole_writer(folder):
        run_experiment(
            given_cohort(cohort, folder),
            folder,
            chosen,
            workers=processor_count() if workers is None else workers,
            max_unreadable=max_unreadable,
            allow=allowed,
            reporter=told,
            title=title,
            circumstances=Circumstances(trackers=tracker_names(trackers), resume=resume),
        )
    return Run(folder)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let an interrupted kernel or script end as after an error, without incomplete files.

    Some libraries catch KeyboardInterrupt and exit in their own way, so it is raised only at the end.
    """
    try:
        with raising_stopped():
            yield
    except Stopped as stopped:
        if stopped.signal == signal.SIGINT:
            raise KeyboardInterrupt("finished stages are kept; the same call resumes") from None
        signal.raise_signal(stopped.signal)  # as it would have ended without this handler
