"""Stage 5: cohort + predictions -> tables, curves and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cxrtune.cohort.boxes import BOX_LIST, find_boxes, read_boxes
from cxrtune.cohort.recognise import is_of_nih
from cxrtune.cohort.table import Cohort, read_cohort
from cxrtune.errors import DataError, UsageError
from cxrtune.evaluation.evaluate import Options, evaluate
from cxrtune.evaluation.results import MissingModel, Results
from cxrtune.evaluation.statistics.patients import DEFAULT_REPLICATES
from cxrtune.evaluation.tables import COLUMNS
from cxrtune.evaluation.write import write_evaluation
from cxrtune.findings import NIH_FINDINGS
from cxrtune.heatmaps import read_heatmaps
from cxrtune.pipeline.beside_the_cohort import adjudicated_labels, training_parts
from cxrtune.pipeline.choice_notes import choice_notes, judged, part_of
from cxrtune.pipeline.origins import origin_of
from cxrtune.pipeline.stage import left_out, skip_if_current
from cxrtune.prediction_file import NO_TABLE_REMEDY
from cxrtune.predictions import PARTS, Predictions, read_predictions
from cxrtune.progress import Reporter
from cxrtune.provenance import Source, recording
from cxrtune.report import write_roc_figures
from cxrtune.report.chosen import PREDICTIONS_OF
from cxrtune.shown import listed, quoted, short


@dataclass(frozen=True)
class Request:
    """What is asked of an evaluation.

    Attributes:
        split: `test`, `validation`, `train`, or `all`.
        column_prefix: What stands before a finding's name in the tables' columns.
        replicates: How many times the patients are drawn for intervals and tests.
        seed: Decides which.
        prevalence: Stated prevalences in (0, 1), by finding.
        seen: By model, a text file with the names of the images that it was trained on.
        missing: Comparisons that could not be made.
        heatmaps: By model, a file with maps of where it looks.
        boxes: A list of boxes in NIH's columns; None for the one that torchxrayvision ships, if the cohort is
            NIH's.
    """

    split: str = "test"
    column_prefix: str = ""
    replicates: int = DEFAULT_REPLICATES
    seed: int = 0
    prevalence: Mapping[str, float] = field(default_factory=dict)
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
) -> Path:
    """Evaluate tables of predictions, whoever made them.

    Args:
        cohort_file: The truth.
        predictions: Each model's table, by the name it shall have.
        out: The evaluation's folder.
        request: What is asked.
        reporter: Told of what was not scored.

    Returns:
        `out`.

    Raises:
        CxrtuneError: A table is not what it should be, or the results cannot be written.
    """
    inputs = [Source.of_file("cohort", cohort_file)]
    inputs += [_source(PREDICTIONS_OF + name, path) for name, path in predictions.items()]
    inputs += [Source.of_file(f"training images of {name}", path) for name, path in request.seen.items()]
    boxes = _boxes(request, cohort_file)
    inputs += [Source.of_file(f"heatmaps of {name}", path) for name, path in request.heatmaps.items()]
    inputs += [] if boxes is None else [Source.of_file("list of boxes", boxes)]
    settings = {
        "split": request.split,
        "column_prefix": request.column_prefix,
        "replicates": request.replicates,
        "seed": request.seed,
        "prevalence": dict(request.prevalence),
        "missing": [model.model_dump(mode="json") for model in request.missing],
    }
    if skip_if_current("evaluate", out, inputs, settings, reporter):
        return out
    cohort = read_cohort(cohort_file)
    _check(request, predictions, cohort)
    told: list[str] = []
    tables = {
        name: read_predictions(path, cohort.findings, column_prefix=request.column_prefix)
        for name, path in predictions.items()
    }
    drawn = (
        None
        if boxes is None
        else read_boxes(boxes, tuple(dict.fromkeys((*NIH_FINDINGS, *cohort.findings))), told.append)
    )
    options = Options(
        split=request.split,
        replicates=request.replicates,
        seed=request.seed,
        prevalence=request.prevalence,
        training_parts=training_parts(predictions, request.seen, cohort, told.append),
        other_labels=adjudicated_labels() if is_of_nih(cohort) else (),
        missing=request.missing,
        heatmaps={name: read_heatmaps(path) for name, path in request.heatmaps.items()},
        boxes=drawn,
        origin=origin_of(cohort_file, cohort, boxes, drawn),
    )
    evaluation = evaluate(cohort, tables, options)
    results = evaluation.results
    # The list of files is part of the record, and the figures are known by the models' names only.
    written: list[str] = []
    with recording("evaluate", out, inputs, settings, written) as draft:
        written += write_evaluation(evaluation, out)
        written += [path.name for path in write_roc_figures(out)]
        draft.counts = {
            "images": results.shared_images,
            "patients": results.shared_patients,
            "models": len(results.models),
        }
        told += [note for table in tables.values() for note in table.notes]
        for note in [*told, *choice_notes(results), *_left_aside(results, tables, cohort, request)]:
            draft.notes.append(note)
            reporter.warn(f"evaluate: {note}")
    reporter.say(f"evaluate: {judged(results)}{left_out(cohort_file)}")
    return out


def _left_aside(
    results: Results, tables: Mapping[str, Predictions], cohort: Cohort, request: Request
) -> list[str]:
    """Say which images and findings were not judged, and why."""
    known = set(cohort.images)
    strangers = {
        name: [image for image in table.images if image not in known] for name, table in tables.items()
    }
    strange = {name: (len(images), images[0] if images else "") for name, images in strangers.items()}
    lacking = {name: _without_scores(table) for name, table in tables.items()}
    of = f"of {results.images:,} {part_of(results)}images"
    notes = [
        f"{model.not_scored:,} {of} have no score of {model.name}"
        for model in results.models
        if model.not_scored
    ]
    notes += [
        f"{name} scored {count:,} images that are not in the cohort, {short(first)} for one"
        for name, (count, first) in strange.items()
        if count
    ]
    notes += [f"{name} has no scores of {listed(lacks)}" for name, lacks in lacking.items() if lacks]
    notes += [
        f"{name} knows {listed(more)}, of which the cohort has no labels"
        for name, table in tables.items()
        if (more := [finding for finding in table.model.thresholds if finding not in cohort.findings])
    ]
    if len(results.models) > 1 and results.shared_images != results.images:
        notes.append(f"{results.shared_images:,} {of} were scored by every model; scores are judged on these")
    return notes + _without_boxes(results, request)


def _without_boxes(results: Results, request: Request) -> list[str]:
    """Say of which heatmaps nothing, or not all, could be judged."""
    localized = {one.model: one for one in results.localizations}
    notes = []
    for name in request.heatmaps:
        one = localized.get(name)
        if one is None:
            notes.append(f"none of the {part_of(results)}images has both a box and a heatmap of {name}")
        elif one.not_scored:
            notes.append(f"{one.not_scored:,} boxed {part_of(results)}images have no heatmap of {name}")
    return notes


def _boxes(request: Request, cohort_file: Path) -> Path | None:
    """Return the list of boxes, if there is something to judge by it."""
    if not request.heatmaps:
        if request.boxes is not None:
            raise UsageError(
                "a list of boxes is given, but no heatmaps to judge by it",
                path=request.boxes,
                remedy="Name a model's heatmaps, like: --heatmaps ours=heatmaps.safetensors",
            )
        return None
    boxes = request.boxes or find_boxes(read_cohort(cohort_file))
    if boxes is None:
        raise UsageError(
            "heatmaps are given, but no boxes to judge them by",
            remedy=f"Name a list in NIH's columns, like: --boxes DIR/{BOX_LIST}",
        )
    return boxes


def _without_scores(table: Predictions) -> list[str]:
    known = ~np.isnan(table.probabilities)
    return [finding for column, finding in enumerate(table.findings) if not known[:, column].any()]


def _check(request: Request, predictions: Mapping[str, Path], cohort: Cohort) -> None:
    for name in predictions:
        if name.casefold() in COLUMNS:
            raise UsageError(
                f"a model cannot be called {quoted(name)}: the tables of results have a column of that name",
                remedy="Give it another name, like: --predictions ours=predictions.parquet",
            )
    for finding, share in request.prevalence.items():
        if finding not in cohort.findings:
            raise UsageError(
                f"a prevalence is stated for {quoted(finding)}, which is no finding of the cohort",
                remedy=f"Its findings are {listed(cohort.findings, 30)}.",
            )
        if not 0 < share < 1:
            raise UsageError(
                f"the prevalence of {finding} is {share:g}; it must lie between 0 and 1",
                remedy="Write it like: --prevalence Effusion=0.05",
            )
    for what, given in (("training images", request.seen), ("heatmaps", request.heatmaps)):
        for name in given:
            if name not in predictions:
                raise UsageError(
                    f"{what} are given of {short(name)}, whose predictions are not",
                    remedy=f"The models are {listed(predictions)}.",
                )


def _source(name: str, path: Path) -> Source:
    if path.is_dir():
        return Source.of_listing(name, path, {part.name: part for part in path.glob(PARTS)})
    if not path.is_file():
        raise DataError(
            "there is no such file of predictions",
            path=path,
            remedy=NO_TABLE_REMEDY,
        )
    return Source.of_file(name, path)
