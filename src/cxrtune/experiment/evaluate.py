"""Stage 5: make tables, curves and figures from a cohort and predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxrtune.cohort.boxes import read_boxes
from cxrtune.cohort.shipped import is_of_nih
from cxrtune.cohort.table import CohortTable, read_cohort
from cxrtune.evaluation.evaluate import Evaluation, Supplements, evaluate
from cxrtune.evaluation.folder import PREDICTIONS_OF, write_evaluation
from cxrtune.evaluation.results import MissingModel, StoredResults
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.experiment.beside_the_cohort import adjudicated_labels, training_parts
from cxrtune.experiment.evaluation_inputs import (
    Given,
    boxes_for,
    read_given,
    require_models_of,
    require_names,
    source_of,
    threshold_sources,
)
from cxrtune.experiment.left_aside import left_aside, without_boxes
from cxrtune.experiment.origins import origin_of
from cxrtune.findings import NIH_FINDINGS
from cxrtune.heatmaps import read_heatmaps
from cxrtune.packs.dataset import left_out
from cxrtune.predictions import Predictions, read_predictions
from cxrtune.progress import Reporter
from cxrtune.provenance import Source
from cxrtune.report import write_roc_figures
from cxrtune.report.judged import judged
from cxrtune.report.notes import caution_sentences, choice_notes
from cxrtune.stage import Draft, stage


@dataclass(frozen=True)
class Request:
    """The settings and additional inputs of an evaluation of files.

    Attributes:
        settings: The settings of the evaluation.
        column_prefix: The text before the name of the finding in the columns of the tables. If neither prefix
            nor suffix is given, those that the columns of most findings share are used.
        column_suffix: The text after the name of the finding.
        image_columns: By model, the column with the names of the images; an empty name for all other models.
        thresholds: By model, a number in [0, 1] for all findings, or a file with one threshold per finding.
            They define the decisions, and no threshold is chosen for the model.
        seen: By model, a text file with the names of the images that it was trained on.
        missing: Comparisons that could not be made.
        heatmaps: By model, a file with its heatmaps.
        boxes: A list of boxes in NIH's columns; None for the list included in torchxrayvision, if the cohort
            is NIH's.
    """

    settings: EvaluationSettings = field(default_factory=EvaluationSettings)
    column_prefix: str = ""
    column_suffix: str = ""
    image_columns: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, Given] = field(default_factory=dict)
    seen: Mapping[str, Path] = field(default_factory=dict)
    missing: Sequence[MissingModel] = ()
    heatmaps: Mapping[str, Path] = field(default_factory=dict)
    boxes: Path | None = None


def evaluate_predictions(
    cohort_file: Path,
    predictions: Mapping[str, Path],
    out: Path,
    request: Request,
    reporter: Reporter,
    cohort: CohortTable | None = None,
) -> Path:
    """Evaluate tables of predictions of any model.

    Args:
        cohort_file: The cohort with the reference standard.
        predictions: The table of each model, by the name of the model in the results.
        out: The folder of the evaluation.
        request: The settings and additional inputs.
        reporter: Receives notes, such as images that were not scored.
        cohort: The content of the cohort file, if it has already been read.

    Returns:
        `out`.

    Raises:
        CxrtuneError: A table is not valid, or the results cannot be written.
    """
    boxes = boxes_for(request.heatmaps, request.boxes, lambda: cohort or read_cohort(cohort_file))
    inputs = _inputs(cohort_file, predictions, request, boxes)
    settings = _settings(request)
    with stage("evaluate", out, inputs, settings, [], reporter, prepares=True) as draft:
        if draft.current:
            return out
        cohort = read_cohort(cohort_file) if cohort is None else cohort
        _check(request, predictions, cohort)
        told: list[str] = []
        tables = {
            name: read_predictions(
                path,
                cohort.findings,
                column_prefix=request.column_prefix,
                column_suffix=request.column_suffix,
                image_column=request.image_columns.get(name, request.image_columns.get("", "")),
            )
            for name, path in predictions.items()
        }
        drawn = (
            None
            if boxes is None
            else read_boxes(boxes, tuple(dict.fromkeys((*NIH_FINDINGS, *cohort.findings))), told.append)
        )
        beside = Supplements(
            training_parts=training_parts(predictions, request.seen, cohort, told.append),
            other_labels=adjudicated_labels() if is_of_nih(cohort) else (),
            missing=request.missing,
            heatmaps={name: read_heatmaps(path) for name, path in request.heatmaps.items()},
            boxes=drawn,
            origin=origin_of(cohort_file, cohort, boxes, drawn),
            thresholds=read_given(request.thresholds, cohort.findings, told.append),
        )
        evaluation = evaluate(cohort, tables, request.settings, beside)
        results = evaluation.results
        told += [note for table in tables.values() for note in table.notes]
        told += notes_on(results, tables, cohort)
        told += without_boxes(results, request.heatmaps)
        write_folder("evaluate", evaluation, draft, told, reporter)
        reporter.say(f"evaluate: {judged(results)}{left_out(cohort_file)}")
    return out


def notes_on(results: StoredResults, tables: Mapping[str, Predictions], cohort: CohortTable) -> list[str]:
    """Return notes, one sentence each, on choices, on what was not evaluated, and on probable mistakes."""
    return [*caution_sentences(results), *choice_notes(results), *left_aside(results, tables, cohort)]


def write_folder(
    name: str, evaluation: Evaluation, draft: Draft, notes: Iterable[str], reporter: Reporter
) -> None:
    """Write the folder of an evaluation, complete its record, and report the notes.

    Raises:
        OutputError: The folder cannot be written.
    """
    results = evaluation.results
    draft.start_writing()
    draft.made += write_evaluation(evaluation, draft.output)
    # The names of the figures depend on the names of the models only.
    draft.made += [path.name for path in write_roc_figures(draft.output)]
    draft.counts = {
        "images": results.shared_images,
        "patients": results.shared_patients,
        "models": len(results.models),
    }
    for note in notes:
        draft.notes.append(note)
        reporter.warn(f"{name}: {note}")


def _inputs(
    cohort_file: Path, predictions: Mapping[str, Path], request: Request, boxes: Path | None
) -> list[Source]:
    inputs = [Source.of_file("cohort", cohort_file)]
    inputs += [source_of(PREDICTIONS_OF + name, path) for name, path in predictions.items()]
    inputs += [Source.of_file(f"training images of {name}", path) for name, path in request.seen.items()]
    inputs += [Source.of_file(f"heatmaps of {name}", path) for name, path in request.heatmaps.items()]
    inputs += [] if boxes is None else [Source.of_file("list of boxes", boxes)]
    return inputs + threshold_sources(request.thresholds)


def _settings(request: Request) -> dict[str, Any]:
    columns = {
        "column_prefix": request.column_prefix,
        "column_suffix": request.column_suffix,
        "image_columns": dict(request.image_columns),
    }
    beside = {
        "thresholds": {name: str(given) for name, given in request.thresholds.items()},
        "missing": [model.model_dump(mode="json") for model in request.missing],
    }
    recorded = request.settings.recorded()
    plan = recorded.pop("plan")
    return {"split": request.settings.split, **columns, **recorded, **beside, "plan": plan}


def _check(request: Request, predictions: Mapping[str, Path], cohort: CohortTable) -> None:
    require_names(predictions, "`predictions` ours=predictions.parquet")
    request.settings.check(cohort.findings)
    given = {
        "training images": request.seen,
        "heatmaps": request.heatmaps,
        "thresholds": request.thresholds,
        "image columns": [name for name in request.image_columns if name],
    }
    require_models_of(given, predictions)
