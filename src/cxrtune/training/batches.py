"""The order in which the loop sees the bank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cxrtune.training.bank import FeatureBank

Batch = tuple[Tensor, Tensor]


@dataclass
class TrainingBatches:
    """Every training image once an epoch, in an order drawn anew each epoch from the seed.

    An image goes through its views in turn, starting at one of its own, so an epoch holds all views
    alike and K epochs show each image in all of them.
    """

    bank: FeatureBank
    labels: NDArray[np.float32]
    batch_size: int
    seed: int
    epoch: int = field(default=0, init=False)

    @property
    def sampler(self) -> TrainingBatches:
        """Itself: where Lightning looks for `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration is of."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(_chunks(self.bank.sizes["train"], self.batch_size))

    def __iter__(self) -> Iterator[Batch]:
        count, views = self.bank.sizes["train"], len(self.bank.views)
        order = np.random.default_rng((self.seed, self.epoch)).permutation(count)
        first = np.random.default_rng(self.seed).integers(views, size=count)
        labels = self.labels[self.bank.rows[:count]]
        for chunk in _chunks(count, self.batch_size):
            items = order[chunk]
            features = np.stack([self.bank.views[(first[item] + self.epoch) % views][item] for item in items])
            yield _as_tensors(features, labels[items])


@dataclass(frozen=True)
class PlainBatches:
    """The plain pictures of one split, in order."""

    bank: FeatureBank
    labels: NDArray[np.float32]
    split: str
    batch_size: int = 64

    def __len__(self) -> int:
        return len(_chunks(self.bank.sizes[self.split], self.batch_size))

    def __iter__(self) -> Iterator[Batch]:
        span = self.bank.span(self.split)
        labels = self.labels[self.bank.rows[span]]
        for chunk in _chunks(self.bank.sizes[self.split], self.batch_size):
            yield _as_tensors(self.bank.views[0][span][chunk], labels[chunk])


def _chunks(count: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def _as_tensors(features: NDArray[np.float16], labels: NDArray[np.float32]) -> Batch:
    # Seen as (N, C, h, w) the stored order is torch's channels_last: nothing is moved.
    return torch.from_numpy(features.astype(np.float32)).permute(0, 3, 1, 2), torch.from_numpy(labels)
