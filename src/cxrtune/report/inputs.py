"""Reads what earlier stages wrote: results, ROC curves, the epochs of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.errors import DataError
from cxrtune.evaluation.results import Results
from cxrtune.provenance import read_record

RESULTS_FILE = "results.json"
CURVES_FILE = "roc_curves.csv"
RECALL_FILE = "precision_recall_curves.csv"
BANDS_FILE = "curve_bands.csv"
NET_BENEFIT_FILE = "net_benefit.csv"
METRICS_FILE = "metrics.csv"
PROVENANCE_FILE = "model.provenance.json"

_WRITE_AGAIN = "Run the stage that wrote it again."
_CURVE_COLUMNS = ("model", "finding", "false_positive_rate", "sensitivity")
_BAND_COLUMNS = ("at", "sensitivity_low", "sensitivity_high", "precision_low", "precision_high")
_BENEFIT_COLUMNS = ("threshold", "called", "net_benefit", "net_benefit_low", "net_benefit_high", "treat_all")
_EPOCH_COLUMNS = ("epoch", "train_loss", "val_loss", "val_auroc", "learning_rate", "seconds")


@dataclass(frozen=True)
class Curve:
    """One ROC curve, from (0, 0) to (1, 1)."""

    false_positive_rate: NDArray[np.float64]
    sensitivity: NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """One model on one finding.

    Attributes:
        model: Its name.
        roc: Sensitivity by false-positive rate.
        recall: Precision (`sensitivity`) by recall (`false_positive_rate`).
        bands: float64 (101,) each: `at`, and the low and high ends of both curves there.
    """

    model: str
    roc: Curve
    recall: Curve
    bands: dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Benefit:
    """The decision curve of one model on one finding.

    Attributes:
        model: Its name.
        values: float64 (60,) each: `threshold`, `called`, `net_benefit` with `_low` and `_high`, `treat_all`.
    """

    model: str
    values: dict[str, NDArray[np.float64]]


Curves = dict[str, dict[str, Curve]]
"""The curves by model and finding; an undefined curve is absent."""


@dataclass(frozen=True)
class Epoch:
    """One pass over the training part; a value that was not measured is None."""

    number: int
    train_loss: float | None
    val_loss: float | None
    val_auroc: float | None
    learning_rate: float | None
    seconds: float | None


@dataclass(frozen=True)
class History:
    """The epochs of a run, and the number of the one whose weights were kept, if it is known."""

    epochs: tuple[Epoch, ...]
    best_epoch: int | None

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights were kept."""
        return next((epoch for epoch in self.epochs if epoch.number == self.best_epoch), None)


def read_results(evaluation: Path) -> Results:
    """Read an evaluation's numbers.

    Raises:
        DataError: The folder has none, or the file is not one of this schema.
    """
    path = evaluation / RESULTS_FILE
    _require(path, "run `cxrtune.experiment.evaluate` with this folder as `out`")
    try:
        return Results.read(path)
    except ValueError as error:
        raise DataError(
            f"not an evaluation's results: {str(error).splitlines()[0]}",
            path=path,
            remedy="Run `cxrtune.experiment.evaluate` again with this version of cxrtune.",
        ) from error


def read_curves(evaluation: Path) -> Curves:
    """Read an evaluation's ROC curves.

    Raises:
        DataError: The file is missing or lacks a column.
    """
    path = evaluation / CURVES_FILE
    _require(path, "run `cxrtune.experiment.evaluate` with this folder as `out`")
    frame = _read_table(path, _CURVE_COLUMNS, text=("model", "finding"))
    curves: Curves = {}
    for (model, finding), part in frame.groupby(["model", "finding"], sort=False):
        curves.setdefault(str(model), {})[str(finding)] = Curve(
            part["false_positive_rate"].to_numpy(dtype=np.float64),
            part["sensitivity"].to_numpy(dtype=np.float64),
        )
    return curves


def read_panels(evaluation: Path) -> dict[str, list[Panel]]:
    """Read, a finding, the ROC and precision-recall curves of every model with their bands.

    Returns:
        An empty dict where the evaluation has no bands.

    Raises:
        DataError: A file lacks a column.
    """
    if not (evaluation / BANDS_FILE).is_file():
        return {}
    text = ("model", "finding")
    bands = _read_table(evaluation / BANDS_FILE, (*text, *_BAND_COLUMNS), text=text)
    recall = _read_table(evaluation / RECALL_FILE, (*text, "recall", "precision"), text=text)
    points = dict(iter(recall.groupby(list(text), sort=False)))
    roc, panels = read_curves(evaluation), dict[str, list[Panel]]()
    for (model, finding), band in bands.groupby(list(text), sort=False):
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
    """Read, a finding, the decision curves of the models that have calibrated probabilities of it.

    Raises:
        DataError: The file is missing or lacks a column.
    """
    path, text = evaluation / NET_BENEFIT_FILE, ("model", "finding")
    _require(path, "run `cxrtune.experiment.evaluate` with this folder as `out`")
    frame = _read_table(path, (*text, *_BENEFIT_COLUMNS), text=text)
    curves: dict[str, list[Benefit]] = {}
    for (model, finding), part in frame.groupby(list(text), sort=False):
        values = {name: part[name].to_numpy(dtype=np.float64) for name in _BENEFIT_COLUMNS}
        curves.setdefault(str(finding), []).append(Benefit(str(model), values))
    return curves


def read_history(run: Path) -> History:
    """Read a run's epochs, and its best epoch where the provenance names it.

    Raises:
        DataError: The folder has no metrics, or they lack a column.
    """
    path = run / METRICS_FILE
    _require(path, "give the folder that a training wrote")
    frame = _read_table(path, _EPOCH_COLUMNS)
    rows = frame[list(_EPOCH_COLUMNS)].itertuples(index=False, name=None)
    epochs = tuple(Epoch(int(number), *(_known(value) for value in values)) for number, *values in rows)
    if not epochs:
        raise DataError("no epoch has been finished", path=path, remedy="Train for at least one epoch.")
    return History(epochs, _best_epoch(run / PROVENANCE_FILE))


def _require(path: Path, remedy: str) -> None:
    if not path.is_file():
        raise DataError("no such file", path=path, remedy=f"{remedy[0].upper()}{remedy[1:]}.")


def _read_table(path: Path, columns: tuple[str, ...], text: tuple[str, ...] = ()) -> pd.DataFrame:
    try:
        # A finding or a model may be called `NA`: only a number's cell can be empty.
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


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _best_epoch(path: Path) -> int | None:
    if not path.is_file():
        return None
    best = read_record(path).counts.get("best_epoch")
    return None if best is None else int(best)
