"""The interface between evaluation and report: the contents of an evaluation folder.

The evaluation writes `results.json`, the curves (`curve_files.py`), and each table as CSV and Markdown; the
report reads the results and the curves.
"""

from __future__ import annotations

from pathlib import Path

from cxrtune.errors import DataError
from cxrtune.evaluation.curve_files import require_file, write_curves
from cxrtune.evaluation.evaluate import Evaluation
from cxrtune.evaluation.markdown import as_markdown
from cxrtune.evaluation.results import StoredResults
from cxrtune.evaluation.tables import (
    auroc_table,
    calibration_table,
    classification_table,
    cohort_table,
    comparison_table,
    curve_table,
    localization_table,
    operating_point_table,
    paired_call_table,
    prevalence_table,
    subgroup_table,
)
from cxrtune.files import write_text

RESULTS = "results.json"

PREDICTIONS_OF = "predictions of "
"""Prefix of a model's table in the provenance record of an evaluation, followed by the model's name."""

TABLES = {
    "auroc": auroc_table,
    "classification": classification_table,
    "cohort": cohort_table,
    "comparison": comparison_table,
    "paired_calls": paired_call_table,
    "operating_points": operating_point_table,
    "fixed_points": curve_table,
    "prevalence": prevalence_table,
    "calibration": calibration_table,
    "subgroups": subgroup_table,
    "localization": localization_table,
}


def write_evaluation(evaluation: Evaluation, out: Path) -> list[str]:
    """Write an evaluation to a folder.

    Returns:
        Names of the written files.

    Raises:
        OutputError: The files cannot be written.
    """
    written: list[str] = []
    for name, make in TABLES.items():
        table = make(evaluation.results)
        if table.empty:
            continue
        written += [f"{name}.csv", f"{name}.md"]
        write_text(out / f"{name}.csv", table.to_csv(index=False))
        write_text(out / f"{name}.md", as_markdown(table))
    written += write_curves(evaluation, out)
    write_text(out / RESULTS, evaluation.results.model_dump_json(indent=2) + "\n")
    return [*written, RESULTS]


def read_results(evaluation: Path) -> StoredResults:
    """Read the results of an evaluation.

    Raises:
        DataError: The folder has no results, or the file does not match this schema.
    """
    path = evaluation / RESULTS
    require_file(path, "run `cxrtune.experiment.evaluate` with this folder as `out`")
    try:
        return StoredResults.read(path)
    except ValueError as error:
        raise DataError(
            f"not an evaluation's results: {str(error).splitlines()[0]}",
            path=path,
            remedy="Run `cxrtune.experiment.evaluate` again with this version of cxrtune.",
        ) from error
