"""The curves of an evaluation: CSV files that the evaluation writes and the report reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.errors import DataError
from cxrtune.evaluation.evaluate import Evaluation
from cxrtune.evaluation.net_benefit import NetBenefit
from cxrtune.evaluation.precision_recall import recall_steps
from cxrtune.evaluation.roc import RocCurve, corners, told_apart
from cxrtune.evaluation.statistics.replicates import GRID
from cxrtune.files import write_text

CURVES = "roc_curves.csv"
PRECISION_RECALL = "precision_recall_curves.csv"
BANDS = "curve_bands.csv"
NET_BENEFIT = "net_benefit.csv"

MOST_POINTS = 20_000
"""A curve with more points omits those between two others in the same square of side 1/10,000."""

_SQUARES = 10_000

_OF = ("model", "finding")
_ROC_COLUMNS = ("false_positive_rate", "sensitivity", "threshold")
_RECALL_COLUMNS = ("recall", "precision")
_BAND_COLUMNS = ("at", "sensitivity_low", "sensitivity_high", "precision_low", "precision_high")
_BENEFIT_COLUMNS = (
    "threshold",
    "called",
    *(f"{name}{end}" for name in ("net_benefit", "treat_all", "gain") for end in ("", "_low", "_high")),
)
_BENEFIT_READ = _BENEFIT_COLUMNS[:6]

_WRITE_AGAIN = "Run the stage that wrote it again."

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """One ROC curve, from (0, 0) to (1, 1)."""

    false_positive_rate: NDArray[np.float64]
    sensitivity: NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """The curves of one model for one finding.

    Attributes:
        model: Name of the model.
        roc: Sensitivity by false-positive rate.
        recall: Precision (`sensitivity`) by recall (`false_positive_rate`).
        bands: float64 (101,) each: `at`, and the lower and upper limits of both curves there.
    """

    model: str
    roc: Curve
    recall: Curve
    bands: dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Benefit:
    """The decision curve of one model for one finding.

    Attributes:
        model: Name of the model.
        values: float64 (60,) each: `threshold`, `called`, `net_benefit` with `_low` and `_high`, `treat_all`.
    """

    model: str
    values: dict[str, NDArray[np.float64]]


Curves = dict[str, dict[str, Curve]]
"""The curves by model and finding; undefined curves are omitted."""


def write_curves(evaluation: Evaluation, out: Path) -> list[str]:
    """Write an evaluation's curves to its folder.

    Returns:
        Names of the written files.

    Raises:
        OutputError: The files cannot be written.
    """
    write_text(out / CURVES, _curve_table(evaluation.curves).to_csv(index=False))
    recall = {key: _thinned(*recall_steps(curve)) for key, curve in evaluation.precision_recall.items()}
    write_text(out / PRECISION_RECALL, _long(recall, _RECALL_COLUMNS).to_csv(index=False))
    bands = {key: (GRID, *band.sensitivity, *band.precision) for key, band in evaluation.bands.items()}
    write_text(out / BANDS, _long(bands, _BAND_COLUMNS).to_csv(index=False))
    if evaluation.net_benefit:
        write_text(out / NET_BENEFIT, _net_benefit_table(evaluation.net_benefit).to_csv(index=False))
        return [NET_BENEFIT, CURVES, PRECISION_RECALL, BANDS]
    return [CURVES, PRECISION_RECALL, BANDS]


def _net_benefit_table(curves: Mapping[tuple[str, str], NetBenefit]) -> pd.DataFrame:
    bands = ("model", "treat_all", "gain")
    points = {
        key: (curve.thresholds, curve.called, *(v for b in bands for v in vars(getattr(curve, b)).values()))
        for key, curve in curves.items()
    }
    return _long(points, _BENEFIT_COLUMNS)


def _curve_table(curves: dict[tuple[str, str], RocCurve]) -> pd.DataFrame:
    points = {}
    for key, curve in curves.items():
        corner = corners(curve)
        points[key] = _thinned(
            curve.false_positive_rate[corner], curve.sensitivity[corner], curve.thresholds[corner]
        )
    return _long(points, _ROC_COLUMNS)


def _thinned(*values: Values) -> tuple[Values, ...]:
    return values if len(values[0]) <= MOST_POINTS else told_apart(_SQUARES, *values)


def _long(points: Mapping[tuple[str, str], tuple[Values, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"model": model, "finding": finding} | dict(zip(columns, values, strict=True)))
        for (model, finding), values in points.items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*_OF, *columns])


def read_curves(evaluation: Path) -> Curves:
    """Read an evaluation's ROC curves.

    Raises:
        DataError: The file is missing or lacks a column.
    """
    path = evaluation / CURVES
    require_file(path, "run `cxrtune.experiment.evaluate` with this folder as `out`")
    frame = read_columns(path, (*_OF, *_ROC_COLUMNS[:2]), text=_OF)
    curves: Curves = {}
    for (model, finding), part in frame.groupby(list(_OF), sort=False):
        curves.setdefault(str(model), {})[str(finding)] = Curve(
            part["false_positive_rate"].to_numpy(dtype=np.float64),
            part["sensitivity"].to_numpy(dtype=np.float64),
        )
    return curves


def read_panels(evaluation: Path) -> dict[str, list[Panel]]:
    """Read, for each finding, the ROC and precision-recall curves of every model with their bands.

    Returns:
        An empty dictionary if the evaluation has no bands.

    Raises:
        DataError: A file lacks a column.
    """
    if not (evaluation / BANDS).is_file():
        return {}
    bands = read_columns(evaluation / BANDS, (*_OF, *_BAND_COLUMNS), text=_OF)
    recall = read_columns(evaluation / PRECISION_RECALL, (*_OF, *_RECALL_COLUMNS), text=_OF)
    points = dict(iter(recall.groupby(list(_OF), sort=False)))
    roc, panels = read_curves(evaluation), dict[str, list[Panel]]()
    for (model, finding), band in bands.groupby(list(_OF), sort=False):
        curve = points[model, finding]
        panels.setdefault(str(finding), []).append(
            Panel(
                str(model),
                roc[str(model)][str(finding)],
                Curve(curve["recall"].to_numpy(np.float64), curve["precision"].to_numpy(np.float64)),
                {name: band[name].to_numpy(np.float64) for name in _BAND_COLUMNS},
            )
        )
    return panels


def read_net_benefit(evaluation: Path) -> dict[str, list[Benefit]]:
    """Read, for each finding, the decision curves of models with calibrated probabilities.

    Raises:
        DataError: The file is missing or lacks a column.
    """
    path = evaluation / NET_BENEFIT
    require_file(path, "run `cxrtune.experiment.evaluate` with this folder as `out`")
    frame = read_columns(path, (*_OF, *_BENEFIT_READ), text=_OF)
    curves: dict[str, list[Benefit]] = {}
    for (model, finding), part in frame.groupby(list(_OF), sort=False):
        values = {name: part[name].to_numpy(dtype=np.float64) for name in _BENEFIT_READ}
        curves.setdefault(str(finding), []).append(Benefit(str(model), values))
    return curves


def require_file(path: Path, remedy: str) -> None:
    """Check that a file exists.

    Raises:
        DataError: The file does not exist.
    """
    if not path.is_file():
        raise DataError("no such file", path=path, remedy=f"{remedy[0].upper()}{remedy[1:]}.")


def read_columns(path: Path, columns: tuple[str, ...], text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a table of numbers that another stage wrote as CSV.

    Args:
        path: The file.
        columns: The required columns.
        text: The columns that hold names.

    Raises:
        DataError: The file is not a table, or lacks a column.
    """
    try:
        # A finding or a model may be named `NA`: only cells of numbers can be empty.
        absent_marks = {column: ["", "nan", "NaN"] for column in columns if column not in text}
        frame = pd.read_csv(
            path, dtype=dict.fromkeys(text, "str"), keep_default_na=False, na_values=absent_marks
        )
    except ValueError as error:
        raise DataError(f"not a table: {error}", path=path, remedy=_WRITE_AGAIN) from error
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise DataError(f"no column {', '.join(absent)}", path=path, remedy=_WRITE_AGAIN)
    return frame
