"""The batches of the training loop: stored features, or packed pixels with their random transforms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cxrtune.memory import let_pages_go
from cxrtune.packs.pack import Pack
from cxrtune.recipe import AugmentationSpec
from cxrtune.training.augmentation import sampling_matrix
from cxrtune.training.bank.view_file import FeatureBank

Batch = tuple[tuple[Tensor, ...], Tensor]
"""The arguments of the learner, and the labels, float32 (N, F)."""

_VALIDATION_BATCH = 64


class Batches(Protocol):
    """The batches of a training that one process of the team sees."""

    def steps(self) -> int:
        """Return the number of steps per epoch."""

    def training(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 0."""

    def validation(self) -> Iterator[Batch]:
        """Yield this process's share of the validation batches, in order."""


@dataclass(frozen=True)
class Share:
    """The images that a process sees, and their order.

    Attributes:
        training: Number of training images.
        validation: Number of validation images.
        batch_size: Images per step, over all processes.
        seed: The seed of the recipe.
        rank: The rank of the process.
        team_size: Number of processes.
    """

    training: int
    validation: int
    batch_size: int
    seed: int
    rank: int = 0
    team_size: int = 1

    def of_epoch(self, epoch: int) -> list[Items]:
        """Return the items of each training batch."""
        return training_order(
            self.training,
            self.batch_size,
            seed=self.seed,
            epoch=epoch,
            rank=self.rank,
            team_size=self.team_size,
        )

    def of_validation(self) -> list[Items]:
        """Return the items of each validation batch."""
        return plain_order(self.validation, _VALIDATION_BATCH, rank=self.rank, team_size=self.team_size)


@dataclass(frozen=True)
class BankBatches:
    """Batches of features from the feature bank.

    Each image cycles through the K views from epoch to epoch, starting at a random view. An epoch therefore
    uses all views about equally often, and K epochs show each image in all of them.

    Attributes:
        bank_at: Returns the feature bank with the views of an epoch, building them if necessary.
        plain: The feature bank with view 0, which is the same in all epochs.
        labels: float32 (M, F), of the rows of the feature bank.
        share: The images that this process sees, and their order.
    """

    bank_at: Callable[[int], FeatureBank]
    plain: FeatureBank
    labels: NDArray[np.float32]
    share: Share

    def steps(self) -> int:
        """Return the number of steps per epoch."""
        return len(self.share.of_epoch(0))

    def training(self, epoch: int) -> Iterator[Batch]:
        """Yield features, float32 (N, 512, h, w), and labels."""
        bank = self.bank_at(epoch)
        views = list(bank.views.values())
        first = np.random.default_rng(self.share.seed).integers(len(views), size=self.share.training)
        for items in self.share.of_epoch(epoch):
            turns = (first[items] + epoch) % len(views)
            features = np.empty((len(items), *views[0].shape[1:]), dtype=np.float16)
            for place, (item, turn) in enumerate(zip(items, turns, strict=True)):
                features[place] = views[turn][item]
            yield (_as_maps(features),), torch.from_numpy(self.labels[items])
            # After every batch: reading one row may map two megabytes around it into memory.
            bank.let_go()

    def validation(self) -> Iterator[Batch]:
        """Yield plain features, float32 (N, 512, h, w), and labels."""
        for items in self.share.of_validation():
            rows = self.share.training + items
            yield (_as_maps(self.plain.views[0][rows]),), torch.from_numpy(self.labels[rows])
            self.plain.let_go()


@dataclass(frozen=True)
class PixelBatches:
    """Batches of packed pixels, with random transforms by which the learner warps them on its device.

    Attributes:
        pack: The images.
        rows: intp (M,), cohort rows, the training part first, then validation.
        labels: float32 (M, F), of these rows.
        augmentation: The ranges of the random transforms.
        share: The images that this process sees, and their order.
    """

    pack: Pack
    rows: NDArray[np.intp]
    labels: NDArray[np.float32]
    augmentation: AugmentationSpec
    share: Share

    def steps(self) -> int:
        """Return the number of steps per epoch."""
        return len(self.share.of_epoch(0))

    def training(self, epoch: int) -> Iterator[Batch]:
        """Yield pixels, uint8 (N, S, S), their transforms, float32 (N, 2, 3), and labels.

        Each epoch shows each image in a new view.
        """
        for items in self.share.of_epoch(epoch):
            pixels, labels = self._images(items)
            matrices = [
                sampling_matrix(
                    self.augmentation, pixels.shape[1], seed=self.share.seed, row=int(row), view=epoch + 1
                )
                for row in self.rows[items]
            ]
            stacked = np.stack(matrices) if matrices else np.empty((0, 2, 3), np.float32)
            yield (pixels, torch.from_numpy(stacked)), labels
            let_pages_go(self.pack.pixels)

    def validation(self) -> Iterator[Batch]:
        """Yield unchanged pixels, uint8 or float16 (N, S, S), and labels."""
        for items in self.share.of_validation():
            pixels, labels = self._images(self.share.training + items)
            yield (pixels,), labels
            let_pages_go(self.pack.pixels)

    def _images(self, items: Items) -> tuple[Tensor, Tensor]:
        pixels = np.ascontiguousarray(self.pack.pixels[self.rows[items]])
        return torch.from_numpy(pixels), torch.from_numpy(self.labels[items])


def _as_maps(features: NDArray[np.float16]) -> Tensor:
    # Viewed as (N, C, h, w), the stored order is torch's channels_last, so no data is moved.
    return torch.from_numpy(features.astype(np.float32)).permute(0, 3, 1, 2)


Items = NDArray[np.intp]


def training_order(
    count: int, batch_size: int, *, seed: int, epoch: int, rank: int = 0, team_size: int = 1
) -> list[Items]:
    """Return the items that one process sees of each batch of an epoch.

    The lengths of batches differ by at most one: a last batch of a few images would give batch-norm poor
    statistics. The processes of a team share each batch, so that no image is lost or seen twice and the
    batches are the same as for a single process; a process may get no item of a small batch.

    Args:
        count: Number of images.
        batch_size: Largest number of images per batch, over all processes.
        seed: The seed of the recipe.
        epoch: The number of the epoch, counted from 0.
        rank: The rank of the process.
        team_size: Number of processes.
    """
    order = np.random.default_rng((seed, epoch)).permutation(count)
    batches = np.array_split(order, math.ceil(count / batch_size))
    return [batch[rank::team_size] for batch in batches]


def plain_order(count: int, batch_size: int, *, rank: int = 0, team_size: int = 1) -> list[Items]:
    """Return the batches of a split, in its own order, that one process sees; batches are not divided."""
    batches = [np.arange(start, min(start + batch_size, count)) for start in range(0, count, batch_size)]
    return batches[rank::team_size]
