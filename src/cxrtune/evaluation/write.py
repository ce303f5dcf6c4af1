"""An evaluation -> files: results.json, the curves, and each table as CSV and Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.evaluation.evaluate import Evaluation
from cxrtune.evaluation.markdown import as_markdown
from cxrtune.evaluation.net_benefit import NetBenefit
from cxrtune.evaluation.precision_recall import PrecisionRecallCurve
from cxrtune.evaluation.roc import RocCurve
from cxrtune.evaluation.statistics.replicates import GRID
from cxrtune.evaluation.tables import (
    auroc_table,
    classification_table,
    cohort_table,
    comparison_table,
    localization_table,
    paired_call_table,
    subgroup_table,
)
from cxrtune.evaluation.threshold_tables import (
    calibration_table,
    curve_table,
    operating_point_table,
    prevalence_table,
)
from cxrtune.files import write_text

RESULTS = "results.json"
Values = NDArray[np.float64]

MOST_POINTS = 20_000
"""A curve with more points is written without those that lie in one square of 1/10,000 between two others."""

_SQUARES = 10_000

CURVES = "roc_curves.csv"
BANDS = "curve_bands.csv"
PRECISION_RECALL = "precision_recall_curves.csv"
NET_BENEFIT = "net_benefit.csv"
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
    """Write an evaluation into a folder.

    Returns:
        The names of the files.

    Raises:
        OutputError: They cannot be written.
    """
    written: list[str] = []
    for name, make in TABLES.items():
        table = make(evaluation.results)
        if table.empty:
            continue
        written += [f"{name}.csv", f"{name}.md"]
        write_text(out / f"{name}.csv", table.to_csv(index=False))
        write_text(out / f"{name}.md", as_markdown(table))
    write_text(out / CURVES, _curve_table(evaluation.curves).to_csv(index=False))
    recall = {key: _points(curve) for key, curve in evaluation.precision_recall.items()}
    write_text(out / PRECISION_RECALL, _long(recall, ("recall", "precision")).to_csv(index=False))
    bands = {key: (GRID, *band.sensitivity, *band.precision) for key, band in evaluation.bands.items()}
    columns = ("at", "sensitivity_low", "sensitivity_high", "precision_low", "precision_high")
    write_text(out / BANDS, _long(bands, columns).to_csv(index=False))
    if evaluation.net_benefit:
        write_text(out / NET_BENEFIT, _net_benefit_table(evaluation.net_benefit).to_csv(index=False))
        written.append(NET_BENEFIT)
    write_text(out / RESULTS, evaluation.results.model_dump_json(indent=2) + "\n")
    return [*written, CURVES, PRECISION_RECALL, BANDS, RESULTS]


def _net_benefit_table(curves: Mapping[tuple[str, str], NetBenefit]) -> pd.DataFrame:
    bands = ("model", "treat_all", "gain")
    points = {
        key: (curve.thresholds, curve.called, *(v for b in bands for v in vars(getattr(curve, b)).values()))
        for key, curve in curves.items()
    }
    names = ("net_benefit", "treat_all", "gain")
    ends = [f"{name}{end}" for name in names for end in ("", "_low", "_high")]
    return _long(points, ("threshold", "called", *ends))


def _curve_table(curves: dict[tuple[str, str], RocCurve]) -> pd.DataFrame:
    points = {}
    for key, curve in curves.items():
        corner = _corners(curve)
        points[key] = _told_apart(
            curve.false_positive_rate[corner], curve.sensitivity[corner], curve.thresholds[corner]
        )
    return _long(points, ("false_positive_rate", "sensitivity", "threshold"))


def _points(curve: PrecisionRecallCurve) -> tuple[Values, Values]:
    """Return the points that add recall: the others lie on the vertical lines between them."""
    adds = np.diff(curve.recall, prepend=0.0) > 0
    recall, precision, *_ = _told_apart(curve.recall[adds], curve.precision[adds])
    return recall, precision


def _told_apart(*values: Values) -> tuple[Values, ...]:
    """Thin a curve of very many points; the first two values say where a point lies."""
    if len(values[0]) <= MOST_POINTS:
        return values
    squares = np.round(np.stack(values[:2]) * _SQUARES)
    moves = np.any(squares[:, 1:] != squares[:, :-1], axis=0)
    # The first and the last point of each square stay: a step's corners do not lean.
    keep = np.concatenate([[True], moves]) | np.concatenate([moves, [True]])
    return tuple(value[keep] for value in values)


def _long(points: Mapping[tuple[str, str], tuple[Values, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"model": model, "finding": finding} | dict(zip(columns, values, strict=True)))
        for (model, finding), values in points.items()
    ]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["model", "finding", *columns])
    )


def _corners(curve: RocCurve) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Mark the points at which the curve turns: the others lie on the line between them."""
    steps = np.diff(curve.false_positive_rate), np.diff(curve.sensitivity)
    turns = steps[0][:-1] * steps[1][1:] != steps[0][1:] * steps[1][:-1]
    return np.concatenate([[True], turns, [True]])
