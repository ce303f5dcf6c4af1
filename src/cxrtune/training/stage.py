"""One stage of a training: what learns, how fast, from what, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from cxrtune.models.densenet import ChestNet, Tail
from cxrtune.recipe import Recipe, ScheduleSpec
from cxrtune.training.augmentation import warped
from cxrtune.training.batches import Batches

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


class TailLearner(nn.Module):
    """The tail on the trunk's stored output; the trunk is not even here."""

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self.tail = tail

    def forward(self, features: Tensor) -> Tensor:
        """Map float32 (N, 512, h, w) to logits, float32 (N, F)."""
        logits: Tensor = self.tail(features)
        return logits


class NetworkLearner(nn.Module):
    """The network on packed pixels, warped on its device."""

    def __init__(self, network: ChestNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor, matrices: Tensor | None = None) -> Tensor:
        """Map grey in [0, 255], uint8 or float (N, S, S), to logits, float32 (N, F).

        Args:
            pixels: The images.
            matrices: float32 (N, 2, 3) of `sampling_matrix`, or None for the images as they are.
        """
        logits: Tensor = self.network(pixels if matrices is None else warped(pixels, matrices))
        return logits
