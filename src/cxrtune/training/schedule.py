"""The learning rate of every step, as a factor of the recipe's learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cxrtune.recipe import ScheduleSpec

# As in torch.optim.lr_scheduler.ReduceLROnPlateau: a smaller improvement does not count.
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Plateau:
    """The state of the plateau schedule.

    Attributes:
        factor: The current factor of the learning rate.
        best: The lowest validation loss so far.
        waited: Number of epochs since then.
    """

    factor: float = 1.0
    best: float = math.inf
    waited: int = 0

    def after(self, loss: float, spec: ScheduleSpec) -> Plateau:
        """Return the state after the validation loss of another epoch."""
        if loss < self.best * (1 - _TOLERANCE):
            return Plateau(self.factor, loss, 0)
        if self.waited + 1 > spec.patience:
            return Plateau(self.factor * spec.factor, self.best, 0)
        return Plateau(self.factor, self.best, self.waited + 1)


def rate_factor(spec: ScheduleSpec, step: int, steps: int, plateau: Plateau) -> float:
    """Return the factor of the learning rate at a step, in [0, 1].

    Args:
        spec: The schedule of the recipe.
        step: The number of the step, counted from 0.
        steps: Number of steps of the whole training.
        plateau: The state of the plateau schedule; used by that schedule only.
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
