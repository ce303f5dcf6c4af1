"""Stage 5: cohort + predictions -> tables, curves and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cxrtune.cohort.table import read_cohort
from cxrtune.errors import DataError
from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.results import MissingModel
from cxrtune.evaluation.write import write_evaluation
from cxrtune.pipeline.stage import left_out, skip_if_current
from cxrtune.predictions import read_predictions
from cxrtune.progress import Reporter
from cxrtune.provenance import Source, recording
from cxrtune.report import write_roc_figures

PREDICTIONS_OF = "predictions of "
"""What the record of an evaluation calls a model's table, before the model's name."""


def evaluate_predictions(
    cohort_file: Path,
    predictions: Mapping[str, Path],
    out: Path,
    *,
    split: str,
    column_prefix: str,
    missing: Sequence[MissingModel],
    reporter: Reporter,
) -> Path:
    """Evaluate tables of predictions, whoever made them.

    Args:
        cohort_file: The truth.
        predictions: Each model's table, by the name it shall have.
        out: The evaluation's folder.
        split: `test`, `validation`, `train`, or `all`.
        column_prefix: What stands before a finding's name in the tables' columns.
        missing: Comparisons that could not be made.
        reporter: Told of what was not scored.

    Returns:
        `out`.

    Raises:
        CxrtuneError: A table is not what it should be, or the results cannot be written.
    """
    inputs = [Source.of_file("cohort", cohort_file)]
    inputs += [Source.of_file(PREDICTIONS_OF + name, _existing(path)) for name, path in predictions.items()]
    settings = {
        "split": split,
        "column_prefix": column_prefix,
        "missing": [model.model_dump(mode="json") for model in missing],
    }
    if skip_if_current("evaluate", out, inputs, settings, reporter):
        return out
    cohort = read_cohort(cohort_file)
    tables = {
        name: read_predictions(path, cohort.findings, column_prefix=column_prefix)
        for name, path in predictions.items()
    }
    evaluation = evaluate(cohort, tables, split=split, missing=missing)
    results = evaluation.results
    # The list of files is part of the record, and the figures are known by the models' names only.
    written: list[str] = []
    with recording("evaluate", out, inputs, settings, written) as draft:
        written += write_evaluation(evaluation, out)
        written += [path.name for path in write_roc_figures(out)]
        draft.counts = {"images": results.images, "patients": results.patients, "models": len(results.models)}
        for model in results.models:
            if model.not_scored:
                note = (
                    f"{model.not_scored:,} of {results.images:,} {split} images have no score of {model.name}"
                )
                draft.notes.append(note)
                reporter.warn(f"evaluate: {note}")
    images = f"{results.images:,} {split} images of {results.patients:,} patients{left_out(cohort_file)}"
    reporter.say(f"evaluate: {len(results.models)} models on {images}")
    return out


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise DataError(
            "there is no such file of predictions",
            path=path,
            remedy="Name a table that predict wrote, or any with a column 'image' and a column a finding.",
        )
    return path
