"""The layout of a feature bank: its rows, the views that each epoch needs, and their size on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.table import CohortTable
from cxrtune.models.densenet import TRUNK_CHANNELS
from cxrtune.packs.pack import Pack
from cxrtune.recipe import BankSpec, Recipe

BANKED_SPLITS = ("train", "validation")


@dataclass(frozen=True)
class BankPlan:
    """The layout of a feature bank.

    Attributes:
        rows: intp (M,), the cohort row of each row of the feature bank.
        sizes: Number of rows per split, in the order train, validation.
        side: h = w of the backbone's output.
        spec: The number of views, and how often new ones are drawn.
    """

    rows: NDArray[np.intp]
    sizes: dict[str, int]
    side: int
    spec: BankSpec

    def span(self, split: str) -> slice:
        """Return the range of a split's rows in the feature bank."""
        start = 0 if split == "train" else self.sizes["train"]
        return slice(start, start + self.sizes[split])

    def views_at(self, epoch: int) -> tuple[int, ...]:
        """Return the numbers of the views that an epoch, counted from 0, uses.

        Every `refresh` epochs, the augmented views are replaced by the same number of new ones with the
        following numbers. A single view is plain at first and then replaced by an augmented one.
        """
        augmented = self.spec.views - 1
        drawn = epoch // self.spec.refresh if self.spec.refresh else 0
        if not augmented:
            return (drawn,)
        return (0, *range(1 + drawn * augmented, 1 + (drawn + 1) * augmented))

    def files_at(self, epoch: int) -> tuple[int, ...]:
        """Return the numbers of the views that must exist: validation always needs the plain one."""
        return tuple(sorted({0, *self.views_at(epoch)}))

    def shape(self, view: int) -> tuple[int, int, int, int]:
        """Return the shape of a view's array: rows, h, w, channels."""
        rows = len(self.rows) if view == 0 else self.sizes["train"]
        return (rows, self.side, self.side, TRUNK_CHANNELS)

    def images(self, views: Iterable[int]) -> int:
        """Return how many images the backbone must process for these views."""
        return sum(self.shape(view)[0] for view in views)

    def bytes(self, views: Iterable[int]) -> int:
        """Return the size of these views on disk, in bytes."""
        row = self.side * self.side * TRUNK_CHANNELS * np.dtype(np.float16).itemsize
        return self.images(views) * row


def plan_bank(cohort: CohortTable, pack: Pack, recipe: Recipe) -> BankPlan:
    """Plan the feature bank of a cohort's readable training and validation images."""
    parts = {split: (rows := cohort.rows(split))[pack.readable[rows]] for split in BANKED_SPLITS}
    sizes = {split: len(rows) for split, rows in parts.items()}
    return BankPlan(np.concatenate(list(parts.values())), sizes, recipe.preprocess.size // 32, recipe.bank)
