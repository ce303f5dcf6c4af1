"""An evaluation -> files: results.json, the curves, and each table as CSV and Markdown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cxrtune.evaluation.evaluate import Evaluation
from cxrtune.evaluation.roc import RocCurve
from cxrtune.evaluation.tables import as_markdown, auroc_table, classification_table, cohort_table
from cxrtune.files import write_text

RESULTS = "results.json"
CURVES = "roc_curves.csv"
TABLES = {"auroc": auroc_table, "classification": classification_table, "cohort": cohort_table}


def write_evaluation(evaluation: Evaluation, out: Path) -> list[str]:
    """Write an evaluation into a folder.

    Returns:
        The names of the files.

    Raises:
        OutputError: They cannot be written.
    """
    for name, make in TABLES.items():
        table = make(evaluation.results)
        write_text(out / f"{name}.csv", table.to_csv(index=False))
        write_text(out / f"{name}.md", as_markdown(table))
    write_text(out / CURVES, _curve_table(evaluation.curves).to_csv(index=False))
    write_text(out / RESULTS, evaluation.results.model_dump_json(indent=2) + "\n")
    return [*(f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "md")), CURVES, RESULTS]


def _curve_table(curves: dict[tuple[str, str], RocCurve]) -> pd.DataFrame:
    columns = ["model", "finding", "false_positive_rate", "sensitivity", "threshold"]
    parts = []
    for (model, finding), curve in curves.items():
        corner = _corners(curve)
        points = (curve.false_positive_rate[corner], curve.sensitivity[corner], curve.thresholds[corner])
        parts.append(pd.DataFrame(dict(zip(columns, (model, finding, *points), strict=True))))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _corners(curve: RocCurve) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Mark the points at which the curve turns: the others lie on the line between them."""
    steps = np.diff(curve.false_positive_rate), np.diff(curve.sensitivity)
    turns = steps[0][:-1] * steps[1][1:] != steps[0][1:] * steps[1][:-1]
    return np.concatenate([[True], turns, [True]])
