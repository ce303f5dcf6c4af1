"""Which images make a batch: every image once an epoch, in an order drawn anew from seed and epoch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Items = NDArray[np.intp]


def training_order(
    count: int, batch_size: int, *, seed: int, epoch: int, rank: int = 0, team_size: int = 1
) -> list[Items]:
    """Return the items of each batch of an epoch that one process sees.

    Batches differ in length by one at most: a last batch of a few images would give batch-norm poor
    statistics. The processes of a team share each batch, so that no image is lost or seen twice and the
    batches are those of one process alone; a process may get none of a small batch.

    Args:
        count: Number of images.
        batch_size: Largest number of images a batch, over all processes.
        seed: The recipe's.
        epoch: Counted from 0.
        rank: The process's.
        team_size: Number of processes.
    """
    order = np.random.default_rng((seed, epoch)).permutation(count)
    batches = np.array_split(order, math.ceil(count / batch_size))
    return [batch[rank::team_size] for batch in batches]


def plain_order(count: int, batch_size: int, *, rank: int = 0, team_size: int = 1) -> list[Items]:
    """Return the items of each batch of a split in its own order that one process sees; whole batches."""
    batches = [np.arange(start, min(start + batch_size, count)) for start in range(0, count, batch_size)]
    return batches[rank::team_size]
