"""One stage of a training: its trainable layers, learning rates, batches and number of epochs."""

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
        prepare: Called when the stage starts or resumes; freezes layers and returns the module to train.
        groups: Returns the optimizer's groups: parameters and the learning rate that the schedule scales.
        batches: The batches to train and validate on.
        epochs: Maximum number of epochs.
        schedule: The learning-rate schedule.
    """

    name: str
    prepare: Callable[[], nn.Module]
    groups: Callable[[], list[dict[str, Any]]]
    batches: Batches
    epochs: int
    schedule: ScheduleSpec


def tail_stage(network: ChestNet, recipe: Recipe, batches: Batches, *, from_pixels: bool) -> Stage:
    """Return the stage that trains dense block 4 and the head; all other layers are frozen."""
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

    A block's learning rate is `layer_decay` times that of the block above it (Howard and Ruder, "Universal
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
    """The trainable layers on the stored output of the backbone; does not contain the backbone."""

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self.tail = tail

    def forward(self, features: Tensor) -> Tensor:
        """Map float32 (N, 512, h, w) to logits, float32 (N, F)."""
        logits: Tensor = self.tail(features)
        return logits


class NetworkLearner(nn.Module):
    """The network on packed pixels, which are warped on its device."""

    def __init__(self, network: ChestNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor, matrices: Tensor | None = None) -> Tensor:
        """Map grey values in [0, 255], uint8 or float (N, S, S), to logits, float32 (N, F).

        Args:
            pixels: The images.
            matrices: float32 (N, 2, 3) from `sampling_matrix`, or None to leave the images unchanged.
        """
        logits: Tensor = self.network(pixels if matrices is None else warped(pixels, matrices))
        return logits
