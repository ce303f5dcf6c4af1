"""The state of a training after an epoch: all that a killed run needs to resume with the same result."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cxrtune.files import write_whole
from cxrtune.training.metrics import EpochMetrics
from cxrtune.training.schedule import Plateau

STATE = "training-state.pt"
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Best:
    """The best epoch so far.

    Attributes:
        epoch: Counted from 1 over both stages.
        value: The monitored value at that epoch.
        weights: The learned weights at that epoch, by the network's own names.
    """

    epoch: int
    value: float
    weights: Weights


@dataclass
class TrainingState:
    """The state of a training between two epochs.

    Attributes:
        stage: The stage to start or resume, counted from 0.
        epoch: Number of finished epochs of that stage.
        waited: Number of epochs since the last improvement.
        rows: The metrics of every epoch of both stages.
        best: The best epoch so far; None before the first.
        plateau: The state of the plateau schedule.
        running: States of learner, optimizer, scaler and average within a stage; empty between two stages.
    """

    stage: int = 0
    epoch: int = 0
    waited: int = 0
    rows: list[EpochMetrics] = field(default_factory=list)
    best: Best | None = None
    plateau: Plateau = field(default_factory=Plateau)
    running: dict[str, Any] = field(default_factory=dict)

    def note(self, row: EpochMetrics, monitor: str) -> bool:
        """Add the metrics of an epoch; return whether it is the best so far."""
        self.rows.append(row)
        value = float(getattr(row, monitor))
        improved = self.best is None or (
            value < self.best.value if monitor == "val_loss" else value > self.best.value
        )
        self.waited = 0 if improved else self.waited + 1
        return improved

    def enter(self, stage: int) -> None:
        """Begin a stage."""
        self.stage, self.epoch, self.waited, self.plateau, self.running = stage, 0, 0, Plateau(), {}


def copied_weights(module: nn.Module) -> Weights:
    """Return copies of the current weights and statistics of a module."""
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}


def save_state(out: Path, key: str, state: TrainingState) -> None:
    """Write the state atomically.

    Args:
        out: The run folder.
        key: The key of everything that the training depends on.
        state: The state to write.

    Raises:
        OutputError: The state cannot be written; that of the last epoch is kept.
    """
    with write_whole(out / STATE) as partial:
        torch.save({"key": key, "state": _plain(state)}, partial)


def load_state(out: Path, key: str) -> TrainingState | None:
    """Read the state of an earlier run; return None if there is no state or it is of another training."""
    path = out / STATE
    if not path.is_file():
        return None
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # the file is written atomically, so a damaged one was changed by another program
        return None
    return _state(stored["state"]) if stored.get("key") == key else None


def discard_state(out: Path) -> None:
    """Remove the state: the training is finished, or starts again from the beginning."""
    (out / STATE).unlink(missing_ok=True)


def _plain(state: TrainingState) -> dict[str, Any]:
    """Return the state in a form that torch.load reads without unpickling any class."""
    best = state.best and {
        "epoch": state.best.epoch,
        "value": state.best.value,
        "weights": state.best.weights,
    }
    return {
        "stage": state.stage,
        "epoch": state.epoch,
        "waited": state.waited,
        "rows": [asdict(row) for row in state.rows],
        "best": best,
        "plateau": asdict(state.plateau),
        "running": state.running,
    }


def _state(plain: dict[str, Any]) -> TrainingState:
    parts = {
        "rows": [EpochMetrics(**row) for row in plain["rows"]],
        "best": None if plain["best"] is None else Best(**plain["best"]),
        "plateau": Plateau(**plain["plateau"]),
    }
    return TrainingState(**(plain | parts))
