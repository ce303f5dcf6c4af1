"""The learning rate of every step, as a factor of the recipe's."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cxrtune.recipe import ScheduleSpec

# torch.optim.lr_scheduler.ReduceLROnPlateau's: what is less of an improvement is none.
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Plateau:
    """What the plateau schedule remembers.

    Attributes:
        factor: What the learning rate is multiplied with by now.
        best: The lowest validation loss so far.
        waited: Epochs since then.
    """

    factor: float = 1.0
    best: float = math.inf
    waited: int = 0

    def after(self, loss: float, spec: ScheduleSpec) -> Plateau:
        """Return what it remembers after another epoch's validation loss."""
        if loss < self.best * (1 - _TOLERANCE):
            return Plateau(self.factor, loss, 0)
        if self.waited + 1 > spec.patience:
            return Plateau(self.factor * spec.factor, self.best, 0)
        return Plateau(self.factor, self.best, self.waited + 1)


def rate_factor(spec: ScheduleSpec, step: int, steps: int, plateau: Plateau) -> float:
    """Return what the learning rate of a step is multiplied with, in [0, 1].

    Args:
        spec: The recipe's schedule.
        step: Counted from 0.
        steps: Of the whole training.
        plateau: What the plateau schedule remembers; only read by that.
    """
    warmup = round(spec.warmup * steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    match spec.name:
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))
        case "plateau":
            return plateau.factor
        case "constant":
            return 1.0
