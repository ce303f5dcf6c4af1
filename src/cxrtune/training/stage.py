"""One stage of a training: what learns, how fast, from what, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from cxrtune.models.densenet import ChestNet
from cxrtune.recipe import Recipe, ScheduleSpec
from cxrtune.training.batches import Batches
from cxrtune.training.learners import NetworkLearner, TailLearner

TAIL = "tail"


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        name: `tail`, or the part that is unfrozen.
        prepare: Called when the stage begins or goes on; sets what is frozen, and returns what learns.
        groups: Gives the optimizer's groups: parameters and the learning rate that the schedule scales.
        batches: What it is fed.
        epochs: Largest number of epochs.
        schedule: How the learning rates move.
    """

    name: str
    prepare: Callable[[], nn.Module]
    groups: Callable[[], list[dict[str, Any]]]
    batches: Batches
    epochs: int
    schedule: ScheduleSpec


def tail_stage(network: ChestNet, recipe: Recipe, batches: Batches, *, from_pixels: bool) -> Stage:
    """Return the stage that trains dense block 4 and the head, all else frozen."""
    spec = recipe.training
    return Stage(
        name=TAIL,
        prepare=lambda: NetworkLearner(network) if from_pixels else TailLearner(network.tail),
        groups=lambda: [{"params": list(network.tail.parameters()), "rate": spec.learning_rate}],
        batches=batches,
        epochs=spec.epochs,
        schedule=spec.schedule,
    )


def unfrozen_stage(network: ChestNet, recipe: Recipe, batches: Batches) -> Stage:
    """Return the stage that trains more of the network, from pixels, with layer-wise learning rates.

    A block's rate is `layer_decay` times that of the block above it (Howard and Ruder, "Universal
    Language Model Fine-tuning for Text Classification", ACL 2018, section 3.2).
    """
    spec = recipe.unfreeze

    def prepare() -> nn.Module:
        if spec.part != "none":
            network.trunk.unfreeze(spec.part)
        return NetworkLearner(network)

    def groups() -> list[dict[str, Any]]:
        return [
            {"params": parameters, "rate": spec.learning_rate * spec.layer_decay**depth}
            for depth, parameters in enumerate(network.learning_blocks())
        ]

    schedule = ScheduleSpec(name="cosine", warmup=spec.warmup)
    return Stage(spec.part, prepare, groups, batches, spec.epochs, schedule)
