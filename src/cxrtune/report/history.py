"""Reads the epochs of a training run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cxrtune.errors import DataError
from cxrtune.evaluation.curve_files import read_columns, require_file
from cxrtune.provenance import read_record

METRICS_FILE = "metrics.csv"
PROVENANCE_FILE = "model.provenance.json"

_EPOCH_COLUMNS = ("epoch", "train_loss", "val_loss", "val_auroc", "learning_rate", "seconds")


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


def read_history(run: Path) -> History:
    """Read a run's epochs, and its best epoch where the provenance names it.

    Raises:
        DataError: The folder has no metrics, or they lack a column.
    """
    path = run / METRICS_FILE
    require_file(path, "give the folder that a training wrote")
    frame = read_columns(path, _EPOCH_COLUMNS)
    rows = frame[list(_EPOCH_COLUMNS)].itertuples(index=False, name=None)
    epochs = tuple(Epoch(int(number), *(_known(value) for value in values)) for number, *values in rows)
    if not epochs:
        raise DataError("no epoch has been finished", path=path, remedy="Train for at least one epoch.")
    return History(epochs, _best_epoch(run / PROVENANCE_FILE))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _best_epoch(path: Path) -> int | None:
    if not path.is_file():
        return None
    best = read_record(path).counts.get("best_epoch")
    return None if best is None else int(best)
