"""What a bank holds: its rows, which views an epoch needs, and how much disk they take."""

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
    """The layout of a bank.

    Attributes:
        rows: intp (M,), the cohort row of each bank row.
        sizes: How many bank rows each split has, in the order train, validation.
        side: h = w of the trunk's map.
        spec: How many views there are, and when they are drawn anew.
    """

    rows: NDArray[np.intp]
    sizes: dict[str, int]
    side: int
    spec: BankSpec

    def span(self, split: str) -> slice:
        """Return where a split's rows stand in the bank."""
        start = 0 if split == "train" else self.sizes["train"]
        return slice(start, start + self.sizes[split])

    def views_at(self, epoch: int) -> tuple[int, ...]:
        """Return the numbers of the views that an epoch, counted from 0, draws from.

        Every `refresh` epochs the augmented views give way to as many with the next numbers; a single view,
        plain at first, gives way to an augmented one.
        """
        augmented = self.spec.views - 1
        drawn = epoch // self.spec.refresh if self.spec.refresh else 0
        if not augmented:
            return (drawn,)
        return (0, *range(1 + drawn * augmented, 1 + (drawn + 1) * augmented))

    def files_at(self, epoch: int) -> tuple[int, ...]:
        """Return the numbers of the views that must be there: validation always needs the plain one."""
        return tuple(sorted({0, *self.views_at(epoch)}))

    def shape(self, view: int) -> tuple[int, int, int, int]:
        """Return the shape of a view's array: rows, h, w, channels."""
        rows = len(self.rows) if view == 0 else self.sizes["train"]
        return (rows, self.side, self.side, TRUNK_CHANNELS)

    def images(self, views: Iterable[int]) -> int:
        """Return how many images the trunk must see for these views."""
        return sum(self.shape(view)[0] for view in views)

    def bytes(self, views: Iterable[int]) -> int:
        """Return how much disk these views take, in bytes."""
        row = self.side * self.side * TRUNK_CHANNELS * np.dtype(np.float16).itemsize
        return self.images(views) * row


def plan_bank(cohort: CohortTable, pack: Pack, recipe: Recipe) -> BankPlan:
    """Plan the bank of a cohort's readable training and validation images."""
    parts = {split: (rows := cohort.rows(split))[pack.readable[rows]] for split in BANKED_SPLITS}
    sizes = {split: len(rows) for split, rows in parts.items()}
    return BankPlan(np.concatenate(list(parts.values())), sizes, recipe.preprocess.size // 32, recipe.bank)
