"""The whole experiment: cohort -> pack -> train -> export -> predict -> evaluate -> report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from cxrtune.cohort.boxes import find_boxes
from cxrtune.cohort.table import CohortTable, read_cohort
from cxrtune.errors import CxrtuneError
from cxrtune.evaluation.folder import RESULTS
from cxrtune.evaluation.results import MissingModel, StoredResults
from cxrtune.evaluation.settings import EvaluationSettings, Plan, check_plan
from cxrtune.experiment.baselines import check_baselines, predict_probe, predict_xrv
from cxrtune.experiment.cohort import GivenCohort, make_cohort, require_trainable, take_cohort
from cxrtune.experiment.evaluate import Request, evaluate_predictions
from cxrtune.experiment.explain import explain_cohort
from cxrtune.experiment.export import Images, export_run
from cxrtune.experiment.own_cohort import OwnData, make_own_cohort
from cxrtune.experiment.pack import make_pack
from cxrtune.experiment.predict import predict_cohort
from cxrtune.experiment.report import make_report
from cxrtune.experiment.train import train_model
from cxrtune.images.dicom import Allowance
from cxrtune.models.baselines.probe import NAME as PROBE
from cxrtune.models.weights import check_source
from cxrtune.packs.dataset import Dataset
from cxrtune.progress import Reporter
from cxrtune.recipe import Recipe
from cxrtune.report import DEFAULT_TITLE
from cxrtune.stage import sole_writer
from cxrtune.training.bank.keeper import BANK
from cxrtune.training.fine_tuning import Circumstances
from cxrtune.training.team import is_helper

FINE_TUNED = "fine-tuned"
COHORT = "cohort.parquet"
PACK = "pack"


@dataclass(frozen=True)
class Outcome:
    """The results of the whole experiment.

    Attributes:
        report: The path of the report page.
        results: The results in the report.
    """

    report: Path
    results: StoredResults


def run_experiment(
    data: Path | OwnData | GivenCohort,
    out: Path,
    recipe: Recipe,
    *,
    workers: int,
    max_unreadable: float,
    allow: Sequence[Allowance] = (),
    reporter: Reporter,
    title: str = DEFAULT_TITLE,
    circumstances: Circumstances = Circumstances(),  # noqa: B008  frozen
) -> Outcome | None:
    """Run every stage; those whose inputs and settings are unchanged are skipped.

    Args:
        data: An NIH folder; the user's own tables, images and map; or a cohort and its images.
        out: The run folder.
        recipe: The recipe of the experiment.
        workers: Number of decoding processes.
        max_unreadable: Largest accepted proportion of unreadable images, in [0, 1].
        allow: Kinds of DICOM files to accept although they cannot be frontal chest radiographs.
        reporter: Receives progress and notes.
        title: The title of the report.
        circumstances: Where and how the training runs.

    Returns:
        The results; None for a process that only helps another one to train.

    Raises:
        UsageError: Another process is using the run folder.
        CxrtuneError: A stage failed; what earlier stages wrote is kept.
    """
    if is_helper():
        train_model(
            lambda: Dataset.open(out / COHORT, out / PACK, recipe), recipe, out, reporter, circumstances
        )
        return None
    with sole_writer(out):
        # Detect foreseeable failures before hours of work.
        check_baselines(recipe.baselines)
        check_source(recipe.weights, say=reporter.say)
        cohort, images = _make_cohort(data, out / COHORT, recipe, reporter)
        plan = Plan(recipe.evaluation.primary, recipe.evaluation.margin)
        check_plan(plan, cohort.findings)
        pack = make_pack(
            out / COHORT,
            images,
            out / PACK,
            preprocess=recipe.preprocess,
            workers=workers,
            max_unreadable=max_unreadable,
            allow=allow,
            cohort=cohort,
            reporter=reporter,
        )
        dataset = Dataset.open(out / COHORT, pack, recipe, cohort=cohort)
        model = train_model(lambda: dataset, recipe, out, reporter, circumstances)
        _store_for_predict(model, dataset, reporter)
        predictions = {FINE_TUNED: predict_cohort(model, dataset, _table(out, FINE_TUNED), reporter)}
        missing: list[MissingModel] = []
        for name in recipe.baselines:
            table = _table(out, name)
            if name == PROBE:
                predictions[name] = predict_probe(dataset, out / BANK, recipe, table, reporter)
                continue
            reason = predict_xrv(name, dataset, images, table, workers, reporter)
            if reason is None:
                predictions[name] = table
            else:
                missing.append(reason)
        boxes = find_boxes(cohort, images)
        heatmaps = {}
        if boxes is not None:
            maps = explain_cohort(
                model, dataset, boxes, out / "heatmaps" / f"{FINE_TUNED}.safetensors", reporter
            )
            heatmaps = {} if maps is None else {FINE_TUNED: maps}
        request = Request(
            EvaluationSettings(plan=plan),
            missing=missing,
            heatmaps=heatmaps,
            boxes=boxes if heatmaps else None,
        )
        evaluation = evaluate_predictions(
            out / COHORT, predictions, out / "evaluation", request, reporter, cohort
        )
        report = make_report(
            evaluation, out / "report", run=out, title=title, dataset=dataset, reporter=reporter
        )
        return Outcome(report, StoredResults.read(evaluation / RESULTS))


def _store_for_predict(model: Path, dataset: Dataset, reporter: Reporter) -> None:
    """Export for the engine that `auto` uses on a CPU, so that `predict` and `serve` need no conversion."""
    if torch.cuda.is_available():
        return
    try:
        export_run(model, "openvino", None, Images(dataset), reporter)
    except CxrtuneError as error:
        reporter.warn(f"export: every start of a prediction will convert the model anew: {error.message}")


def _make_cohort(
    data: Path | OwnData | GivenCohort, out: Path, recipe: Recipe, reporter: Reporter
) -> tuple[CohortTable, Path]:
    """Make the cohort and read it once for all stages; return it with the folder of its images."""
    if isinstance(data, GivenCohort):
        cohort = read_cohort(data.table)
        require_trainable(cohort, data.table)
        take_cohort(data.table, cohort, out, reporter)
        return cohort, data.images
    if isinstance(data, OwnData):
        cohort = read_cohort(make_own_cohort(data, out, seed=recipe.seed, reporter=reporter))
        require_trainable(cohort, out)
        return cohort, data.folder()
    make_cohort(data, out, protocol=recipe.protocol, seed=recipe.seed, metadata_only=False, reporter=reporter)
    return read_cohort(out), data


def _table(out: Path, name: str) -> Path:
    # Some file systems do not allow a colon in a file name.
    return out / "predictions" / f"{name.replace(':', '-')}.parquet"
