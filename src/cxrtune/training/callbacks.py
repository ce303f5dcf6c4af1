"""What happens beside the loop: the table of metrics and the progress bar."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from cxrtune.progress import Task

COLUMNS: tuple[str, ...] = ("epoch", "train_loss", "val_loss", "val_auroc", "learning_rate", "seconds")


class MetricsTable(Callback):
    """Writes one line an epoch, as soon as it is over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []
        self._started = 0.0
        self._learning_rate = 0.0

    def on_fit_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Begin the table."""
        with self.path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerow(COLUMNS)

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Note the time, and the learning rate that the epoch begins with."""
        self._started = time.monotonic()
        self._learning_rate = trainer.optimizers[0].param_groups[0]["lr"]

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Write the epoch's line."""
        logged = {
            name: float(trainer.callback_metrics[name]) for name in ("train_loss", "val_loss", "val_auroc")
        }
        row = {"epoch": trainer.current_epoch + 1, **logged}
        row |= {"learning_rate": self._learning_rate, "seconds": round(time.monotonic() - self._started, 3)}
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8", newline="") as stream:
            csv.DictWriter(stream, COLUMNS).writerow(row)


class ShowProgress(Callback):
    """Moves a bar a batch at a time and notes the last epoch's figures beside it."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Advance by a batch."""
        self.task.advance()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Note loss and AUROC on validation."""
        metrics = trainer.callback_metrics
        self.task.note(
            f"validation loss {float(metrics['val_loss']):.3f}, AUROC {float(metrics['val_auroc']):.3f}"
        )
