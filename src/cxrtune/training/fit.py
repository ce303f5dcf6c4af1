"""Run the stages of a training in turn, keep the best epoch, and resume after an interruption."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from cxrtune.errors import CxrtuneError, DataError
from cxrtune.evaluation.roc import macro_auroc
from cxrtune.models.densenet import ChestNet
from cxrtune.progress import Reporter, Task
from cxrtune.recipe import Recipe, TrainingSpec
from cxrtune.training.loop import Loop, positive_weights
from cxrtune.training.metrics import EpochMetrics, TrackerName, open_trackers, write_metrics
from cxrtune.training.stage import Stage
from cxrtune.training.state import Best, TrainingState, copied_weights, save_state
from cxrtune.training.team import Team


@dataclass(frozen=True)
class FitResult:
    """The result of a training.

    Attributes:
        epochs: Number of epochs over both stages.
        best_epoch: The epoch whose weights were kept, counted from 1.
        best: The monitored value at that epoch.
        val_auroc: Macro AUROC on the validation part at that epoch.
        resumed: Number of epochs that an earlier run had finished.
    """

    epochs: int
    best_epoch: int
    best: float
    val_auroc: float
    resumed: int


@dataclass(frozen=True)
class Watchers:
    """Where progress and metrics are reported.

    Attributes:
        reporter: Receives the progress.
        trackers: Names of the tracking tools that receive the metrics.
    """

    reporter: Reporter
    trackers: Sequence[TrackerName] = ()


def fit(
    network: ChestNet,
    stages: Sequence[Stage],
    labels: dict[str, NDArray[np.float32]],
    recipe: Recipe,
    team: Team,
    out: Path,
    *,
    state: TrainingState,
    key: str,
    watchers: Watchers,
) -> FitResult:
    """Train a network and load the weights of its best epoch into it.

    Args:
        network: The network to train; changed in place.
        stages: The stages in order; each starts from the best weights of the preceding stages.
        labels: Labels by split, `train` and `validation`: float32 (N, F), 1, 0, or NaN where unknown.
        recipe: The settings of the training loop.
        team: The processes that train together.
        out: The run folder; receives `metrics.csv` and, until the model is saved, the training state.
        state: The state of the training; changed in place.
        key: The key of everything that the training depends on; stored with the state.
        watchers: Receive progress and metrics.

    Raises:
        CxrtuneError: A loss became infinite or NaN, or memory ran out; the state is kept.
        DataError: The monitored value is not defined on the validation part.
    """
    spec = recipe.training
    _require_measure(spec, labels["validation"])
    weights = positive_weights(labels["train"]) if spec.class_weights == "balanced" else None
    pos_weight = torch.ones(labels["train"].shape[1]) if weights is None else torch.from_numpy(weights)
    resumed = len(state.rows)
    if resumed:
        watchers.reporter.say(f"train: goes on after epoch {resumed}")
    names = watchers.trackers if team.is_first else ()
    trackers = open_trackers(names, out, recipe, key=key, done=resumed)
    for index in range(state.stage, len(stages)):
        if index > state.stage:
            state.enter(index)
        if state.best is not None and not state.running:
            network.load_state_dict(state.best.weights, strict=False)
            # From here on, layers may change that the best weights do not contain.
            state.best = replace(state.best, weights=copied_weights(network))
        loop = Loop(stages[index], spec, pos_weight, team)
        for row in _epochs(loop, stages[index], spec, state, watchers.reporter):
            improved = state.note(row, spec.monitor)
            if improved or state.best is None:
                state.best = Best(row.epoch, float(getattr(row, spec.monitor)), loop.learned())
            state.plateau = state.plateau.after(row.val_loss, stages[index].schedule)
            state.epoch += 1
            state.running = loop.state()
            for tracker in trackers:
                tracker.log(row)
            if team.is_first:
                write_metrics(out, state.rows)
                save_state(out, key, state)
    for tracker in trackers:
        tracker.close()
    best = state.best
    if best is None:
        raise DataError("no epoch was trained")
    network.load_state_dict(best.weights, strict=False)
    auroc = state.rows[best.epoch - 1].val_auroc
    return FitResult(len(state.rows), best.epoch, best.value, auroc, resumed)


def _epochs(
    loop: Loop, stage: Stage, spec: TrainingSpec, state: TrainingState, reporter: Reporter
) -> Iterator[EpochMetrics]:
    """Run the remaining epochs of a stage and yield the metrics of each."""
    if state.running:
        loop.restore(state.running)
    with reporter.task(f"Training ({stage.name})", stage.epochs * loop.steps) as task:
        task.advance(state.epoch * loop.steps)
        patience = spec.early_stopping or stage.epochs
        while state.epoch < stage.epochs and state.waited < patience:
            with _naming_memory_errors(state, spec):
                row = _epoch(loop, stage, state, task)
            task.note(f"validation loss {row.val_loss:.3f}, AUROC {row.val_auroc:.3f}")
            yield row


def _epoch(loop: Loop, stage: Stage, state: TrainingState, task: Task) -> EpochMetrics:
    started = time.monotonic()
    train_loss, rate = loop.train(state.epoch, state.plateau, task.advance)
    val_loss, val_auroc = loop.validate()
    number = len(state.rows) + 1
    if not np.isfinite(val_loss):
        raise CxrtuneError(
            f"the validation loss became {val_loss} after epoch {number} at learning rate {rate:g}",
            remedy="Try a smaller one: `training.learning_rate=1e-4`",
        )
    seconds = round(time.monotonic() - started, 3)
    return EpochMetrics(number, stage.name, train_loss, val_loss, val_auroc, rate, seconds)


@contextmanager
def _naming_memory_errors(state: TrainingState, spec: TrainingSpec) -> Iterator[None]:
    """Convert the out-of-memory errors of torch and NumPy into one error."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        told = str(error)
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in told:
            raise CxrtuneError(
                f"memory ran out in epoch {len(state.rows) + 1} with batches of {spec.batch_size} images",
                remedy="Free some and run the same command: it goes on with this epoch."
                f" Or begin anew with less: `training.batch_size={max(2, spec.batch_size // 2)}`",
            ) from error
        raise


def _require_measure(spec: TrainingSpec, validation_labels: NDArray[np.float32]) -> None:
    """Check before the first epoch that the monitored value will be defined."""
    area, _ = macro_auroc(validation_labels, np.zeros_like(validation_labels))
    if spec.monitor == "val_auroc" and area is None:
        raise DataError(
            "no finding has both positives and negatives among the validation images, so no AUROC is defined",
            remedy="Choose the best epoch by the loss: `training.monitor=val_loss`",
        )
