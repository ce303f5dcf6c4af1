"""The loop: Lightning's Trainer over the bank, the best epoch kept."""

from __future__ import annotations

import logging
import math
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from numpy.typing import NDArray

from cxrtune.errors import CxrtuneError, DataError
from cxrtune.evaluation.roc import macro_auroc
from cxrtune.files import write_whole
from cxrtune.models.densenet import Tail
from cxrtune.progress import Reporter
from cxrtune.recipe import TrainingSpec
from cxrtune.training.bank import FeatureBank
from cxrtune.training.batches import PlainBatches, TrainingBatches
from cxrtune.training.callbacks import MetricsTable, ShowProgress
from cxrtune.training.module import TailModule

METRICS = "metrics.csv"


@dataclass(frozen=True)
class FitResult:
    """How a training went.

    Attributes:
        epochs: How many epochs ran.
        best_epoch: The epoch, from 1, whose weights were kept.
        best: The monitored value there.
    """

    epochs: int
    best_epoch: int
    best: float


def fit(
    tail: Tail,
    bank: FeatureBank,
    labels: NDArray[np.float32],
    spec: TrainingSpec,
    seed: int,
    out: Path,
    reporter: Reporter,
) -> FitResult:
    """Train a tail and leave in it the weights of its best epoch.

    Args:
        tail: Changed in place.
        bank: The trunk's output.
        labels: float32 (N, F) of the whole cohort, 1, 0, or NaN where not known.
        spec: The loop's settings.
        seed: Decides the order of the images.
        out: The run folder; `metrics.csv` is written there.
        reporter: Told of the progress.

    Raises:
        CxrtuneError: A loss became infinite or no number.
        DataError: The monitored value is not defined on the validation part.
    """
    _require_measure(spec, labels[bank.rows[bank.span("validation")]])
    train = TrainingBatches(bank, labels, spec.batch_size, seed)
    validation = PlainBatches(bank, labels, "validation")
    module = TailModule(tail, spec, labels[bank.rows[bank.span("train")]])
    mode = "min" if spec.monitor == "val_loss" else "max"
    with (
        tempfile.TemporaryDirectory(dir=out, prefix=".checkpoints-") as checkpoints,
        write_whole(out / METRICS) as metrics_file,
        reporter.task("Training", spec.epochs * len(train)) as task,
        _quiet_lightning(),
    ):
        keeper = ModelCheckpoint(dirpath=checkpoints, monitor=spec.monitor, mode=mode, save_weights_only=True)
        table = MetricsTable(metrics_file)
        stoppers = [_early_stopping(spec, mode)] if spec.early_stopping else []
        trainer = lightning.Trainer(
            accelerator="auto",
            devices=1,
            max_epochs=spec.epochs,
            callbacks=[table, ShowProgress(task), keeper, *stoppers],
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            default_root_dir=out,
        )
        trainer.fit(module, train, validation)
        _require_finite(table)
        best = torch.load(keeper.best_model_path, map_location="cpu", weights_only=True)
        module.load_state_dict(best["state_dict"])
    return _result(table, spec, mode)


def _early_stopping(spec: TrainingSpec, mode: str) -> EarlyStopping:
    return EarlyStopping(monitor=spec.monitor, mode=mode, patience=spec.early_stopping)


def _require_finite(table: MetricsTable) -> None:
    for row in table.rows:
        for column, name in (("train_loss", "training loss"), ("val_loss", "validation loss")):
            if not math.isfinite(row[column]):
                raise CxrtuneError(
                    f"the {name} became {row[column]} in epoch {row['epoch']:.0f}"
                    f" at learning rate {row['learning_rate']:g}",
                    remedy="Try a smaller one: --set training.learning_rate=1e-4",
                )


def _require_measure(spec: TrainingSpec, validation_labels: NDArray[np.float32]) -> None:
    """Check before the first epoch that the monitored value will be defined."""
    area, _ = macro_auroc(validation_labels, np.zeros_like(validation_labels))
    if spec.monitor == "val_auroc" and area is None:
        raise DataError(
            "no finding has both positives and negatives among the validation images, so no AUROC is defined",
            remedy="Choose the best epoch by the loss: --set training.monitor=val_loss",
        )


def _result(table: MetricsTable, spec: TrainingSpec, mode: str) -> FitResult:
    values = [row[spec.monitor] for row in table.rows]
    best = int(np.nanargmin(values) if mode == "min" else np.nanargmax(values))
    return FitResult(epochs=len(values), best_epoch=best + 1, best=values[best])


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Keep Lightning's notes on accelerators, and its quarrels with torch, off the console for a fit."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # Lightning 2.6 asks torch's tree specifications in a way that torch 2.15 calls old.
            warnings.filterwarnings("ignore", message=".*LeafSpec.*is deprecated")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
