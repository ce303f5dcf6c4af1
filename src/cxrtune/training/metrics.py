"""metrics.csv: one line an epoch, whole on disk as soon as the epoch is over."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from cxrtune.files import write_text

METRICS = "metrics.csv"


@dataclass(frozen=True)
class EpochMetrics:
    """What one epoch gave.

    Attributes:
        epoch: Counted from 1 over both stages.
        stage: What learned: `tail`, or the part that was unfrozen.
        train_loss: Mean over the training images, while the weights moved.
        val_loss: On the validation part, after the epoch.
        val_auroc: Macro average there.
        learning_rate: The head's, at the epoch's first step.
        seconds: Wall time, validation included.
    """

    epoch: int
    stage: str
    train_loss: float
    val_loss: float
    val_auroc: float
    learning_rate: float
    seconds: float


def write_metrics(out: Path, rows: Sequence[EpochMetrics]) -> None:
    """Write the table of all epochs so far.

    Raises:
        OutputError: It cannot be written.
    """
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, [field.name for field in fields(EpochMetrics)])
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    write_text(out / METRICS, text.getvalue())
