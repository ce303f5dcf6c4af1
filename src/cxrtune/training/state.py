"""Where a training stands after an epoch: all that a killed run needs to go on as if nothing had been."""

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
        value: The monitored value there.
        weights: What had been learned by then, by the network's names.
    """

    epoch: int
    value: float
    weights: Weights


@dataclass
class TrainingState:
    """Where a training stands between two epochs.

    Attributes:
        stage: Which stage comes next, or goes on, from 0.
        epoch: How many epochs of it are done.
        waited: Epochs since the last improvement.
        rows: The metrics of every epoch of both stages.
        best: The best epoch so far; None before the first.
        plateau: What the schedule remembers.
        running: States of learner, optimizer, scaler and average in the middle of a stage; empty between two.
    """

    stage: int = 0
    epoch: int = 0
    waited: int = 0
    rows: list[EpochMetrics] = field(default_factory=list)
    best: Best | None = None
    plateau: Plateau = field(default_factory=Plateau)
    running: dict[str, Any] = field(default_factory=dict)

    def note(self, row: EpochMetrics, monitor: str) -> bool:
        """Add an epoch's metrics; return whether it is the best so far."""
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
    """Return copies of a module's weights and statistics as they are now."""
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}


def save_state(out: Path, key: str, state: TrainingState) -> None:
    """Write the state, whole or not at all.

    Args:
        out: The run folder.
        key: Of everything that the training depends on.
        state: Where it stands.

    Raises:
        OutputError: It cannot be written; the last epoch's is still there.
    """
    with write_whole(out / STATE) as partial:
        torch.save({"key": key, "state": _plain(state)}, partial)


def load_state(out: Path, key: str) -> TrainingState | None:
    """Read the state of an earlier start; None if there is none, or if it is of another training."""
    path = out / STATE
    if not path.is_file():
        return None
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # it is written whole, so a file that is not whole was changed by somebody
        return None
    return _state(stored["state"]) if stored.get("key") == key else None


def discard_state(out: Path) -> None:
    """Remove the state: the training is over, or begins anew."""
    (out / STATE).unlink(missing_ok=True)


def _plain(state: TrainingState) -> dict[str, Any]:
    """Return the state as torch.load takes it without unpickling any class."""
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
