"""Export the model of a run folder for other engines after checking it on the run's radiographs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from cxrtune.engines.engine import Engine
from cxrtune.engines.export import export_model, parity, require_parity
from cxrtune.engines.exported import EXPORTS, ExportKind
from cxrtune.engines.torch_engine import TorchEngine
from cxrtune.errors import CxrtuneError, DataError, UsageError
from cxrtune.evaluation.roc import macro_auroc
from cxrtune.files import sha256_of
from cxrtune.images.preprocess import Packed
from cxrtune.models.checkpoint import load_gated_model
from cxrtune.models.description import ModelInfo, model_file
from cxrtune.models.scoring import ScoringNet
from cxrtune.packs.dataset import Dataset
from cxrtune.progress import Reporter
from cxrtune.provenance import FOLDER_RECORD, Source
from cxrtune.shown import shown
from cxrtune.stage import LOCK, stage

LARGEST_DROP = 0.005
"""Largest accepted decrease of the macro AUROC on validation from float32 to INT8."""

_PARITY_IMAGES = 32
_CALIBRATION_IMAGES = 256
_AUROC_IMAGES = 2000


@dataclass(frozen=True)
class Images:
    """The radiographs that an export is calibrated and checked on.

    Attributes:
        dataset: The cohort and its pack.
    """

    dataset: Dataset

    def of(self, split: str, most: int) -> NDArray[np.intp]:
        """Return some readable rows of a split; the choice is always the same."""
        rows = self.dataset.cohort.rows(split)
        rows = rows[self.dataset.pack.readable[rows]]
        return np.sort(np.random.default_rng(0).permutation(rows)[:most])

    def pixels(self, rows: NDArray[np.intp]) -> Iterator[Packed]:
        """Yield the images of some rows in order."""
        for row in rows:
            yield np.array(self.dataset.pack.pixels[row])


def export_run(model: Path, kind: ExportKind, out: Path | None, images: Images, reporter: Reporter) -> Path:
    """Export a model.

    Args:
        model: A run folder or its model file.
        kind: The kind of the export.
        out: The output folder; None for the place in the run folder where `predict` finds it.
        images: Radiographs for checking the export and for calibrating INT8.
        reporter: Receives the results of the check.

    Returns:
        The .onnx or .xml file.

    Raises:
        UsageError: The folder contains something other than an export.
        CxrtuneError: The model is damaged, or the export is not accurate enough or cannot be written.
    """
    place = EXPORTS[kind]
    source = model_file(model)
    file = source.parent / place if out is None else out.resolve() / place.name
    _require_replaceable(file.parent)
    inputs = [Source.of_file("model", source), *images.dataset.sources]
    # An accepted export replaces its whole folder, including the record.
    with stage(
        "export", file.parent, inputs, {"kind": kind}, [], reporter, prepares=True, appears=True
    ) as draft:
        if not draft.current:
            _export(source, kind, file, images, reporter)
            draft.made += sorted(path.name for path in file.parent.iterdir())
            reporter.say(f"export: {file}")
    return file


def _require_replaceable(folder: Path) -> None:
    """Check that a folder, which an export replaces entirely, contains an export or nothing.

    Raises:
        UsageError: The folder contains something else.
    """
    if not folder.is_dir():
        return
    ours = {LOCK, FOLDER_RECORD, *(name for place in EXPORTS.values() for name in _files_of(place))}
    others = sorted(path.name for path in folder.iterdir() if path.name not in ours)
    if others:
        raise UsageError(
            f"an export would replace this folder, which holds something else ({shown(others[0])} for one)",
            path=folder,
            remedy="Name a new or an empty folder with `out`.",
        )


def _files_of(place: Path) -> tuple[str, ...]:
    return place.name, place.with_suffix(".bin").name


def _export(model: Path, kind: ExportKind, file: Path, images: Images, reporter: Reporter) -> None:
    """Export a model file, and check the export."""
    network, gate, info = load_gated_model(model)
    scoring = ScoringNet(network, gate, flip=info.recipe.prediction.flip)

    def accept(engine: Engine) -> None:
        rows = images.of("validation", _PARITY_IMAGES)
        found = parity(scoring, engine, list(images.pixels(rows)))
        reporter.say(f"export: {found.sentence()}")
        if kind == "openvino-int8":
            _require_auroc(scoring, engine, info, images, file, reporter)
        else:
            require_parity(found, file)

    export_model(
        scoring,
        info,
        sha256_of(model),
        kind,
        file,
        calibration=images.pixels(images.of("train", _CALIBRATION_IMAGES)),
        accept=accept,
    )


def images_of(model: Path, cohort: Path | None, pack: Path | None, info: ModelInfo) -> Images:
    """Open the radiographs of a run, or of a given cohort and pack.

    Raises:
        DataError: There is no cohort or no pack.
    """
    run = model_file(model).parent
    cohort_file, pack_folder = cohort or run / "cohort.parquet", pack or run / "pack"
    if not cohort_file.is_file() or not pack_folder.is_dir():
        raise DataError(
            "an export is checked on radiographs, and this run folder has no cohort and pack",
            path=run,
            remedy="Name those that the model was trained on with `cohort` and `pack`.",
        )
    dataset = Dataset.open(cohort_file, pack_folder)
    dataset.require_preprocessing_of(info.recipe, "model")
    return Images(dataset)


def _require_auroc(
    scoring: ScoringNet, engine: Engine, info: ModelInfo, images: Images, file: Path, reporter: Reporter
) -> None:
    rows = images.of("validation", _AUROC_IMAGES)
    columns = [images.dataset.cohort.findings.index(finding) for finding in info.findings]
    labels = images.dataset.cohort.labels[rows][:, columns]
    scores = []
    with reporter.task("Checking INT8", 2 * len(rows)) as task:
        for runs in (TorchEngine(scoring), engine):
            found = []
            for outputs in runs.stream(images.pixels(rows)):
                found.append(expit(outputs[0]))
                task.advance()
            scores.append(np.stack(found))
    exact, coarse = (macro_auroc(labels, one)[0] for one in scores)
    if exact is None or coarse is None:
        raise DataError(
            "INT8 cannot be judged: no finding has both positives and negatives in validation", path=file
        )
    thresholds = np.array([info.thresholds.get(finding, np.nan) for finding in info.findings])
    same = ((scores[0] >= thresholds) == (scores[1] >= thresholds))[:, ~np.isnan(thresholds)].mean()
    reporter.say(
        f"export: validation macro AUROC on {len(rows):,} radiographs is {coarse:.4f} in INT8 and {exact:.4f}"
        f" in float32; {same:.1%} of the calls are the same"
    )
    if exact - coarse > LARGEST_DROP:
        raise CxrtuneError(
            f"INT8 loses {exact - coarse:.4f} of the validation macro AUROC, more than {LARGEST_DROP}",
            path=file,
            remedy="Nothing was exported. Use `kind=openvino`, which computes in float32.",
        )
