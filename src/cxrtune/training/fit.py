"""The training: its stages one after the other, the best epoch kept, resumed where it was killed."""

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
    """How a training went.

    Attributes:
        epochs: How many epochs ran, over both stages.
        best_epoch: The epoch, from 1, whose weights were kept.
        best: The monitored value there.
        val_auroc: Macro AUROC on validation there.
        resumed: How many epochs an earlier start had done.
    """

    epochs: int
    best_epoch: int
    best: float
    val_auroc: float
    resumed: int


@dataclass(frozen=True)
class Watchers:
    """Who is told.

    Attributes:
        reporter: Of the progress.
        trackers: Names of other tools.
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
    """Train a network and leave in it the weights of its best epoch.

    Args:
        network: Changed in place.
        stages: What learns, one after the other; each begins with the best weights of those before.
        labels: By split, `train` and `validation`: float32 (N, F), 1, 0, or NaN where not known.
        recipe: The loop's settings.
        team: The processes that train together.
        out: The run folder; `metrics.csv` and, until the model is saved, the training's state are there.
        state: Where the training stands; changed in place.
        key: Of everything that the training depends on, stored with the state.
        watchers: Told of the progress.

    Raises:
        CxrtuneError: A loss became infinite or no number, or memory ran out; the state is kept.
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
            # From here on more may change than the best weights hold.
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
    """Run the epochs of a stage that are still to be run, and yield the metrics of each."""
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
    """Turn the ways in which torch and NumPy say that memory ran out into one error."""
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
