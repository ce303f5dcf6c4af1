"""The feature bank: the trunk's output of every view, computed once.

Rows are the readable images of the cohort, the training part first, then validation, then test.
View 0 is every row's plain picture; views 1 to K - 1 are augmented and of the training part only.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from cxrtune.cohort.table import SPLITS, Cohort
from cxrtune.files import write_whole
from cxrtune.models.densenet import TRUNK_CHANNELS, ChestNet
from cxrtune.packs.pack import Pack
from cxrtune.recipe import Recipe
from cxrtune.training.augmentation import view_of

Features = NDArray[np.float16]
_BATCH = 8  # more is slower: the feature maps outgrow the caches


@dataclass(frozen=True)
class FeatureBank:
    """A bank opened for reading.

    Attributes:
        rows: intp (M,), the cohort row of each bank row.
        sizes: How many bank rows each split has, in the order train, validation, test.
        views: View 0, float16 (M, h, w, 512), then K - 1 times float16 (T, h, w, 512); memory-mapped.
    """

    rows: NDArray[np.intp]
    sizes: dict[str, int]
    views: tuple[Features, ...]

    def span(self, split: str) -> slice:
        """Return where a split's rows stand in the bank."""
        start = sum(self.sizes[earlier] for earlier in SPLITS[: SPLITS.index(split)])
        return slice(start, start + self.sizes[split])

    def pooled(self, span: slice) -> NDArray[np.float32]:
        """Return float32 (n, 512): the mean over the map of some plain pictures."""
        return np.stack([features.astype(np.float32).mean(axis=(0, 1)) for features in self.views[0][span]])


def bank_rows(cohort: Cohort, pack: Pack) -> tuple[NDArray[np.intp], dict[str, int]]:
    """Return the cohort row of each bank row, and how many each split has."""
    parts = {split: (rows := cohort.rows(split))[pack.readable[rows]] for split in SPLITS}
    return np.concatenate(list(parts.values())), {split: len(rows) for split, rows in parts.items()}


def view_files(views: int) -> list[str]:
    """Return the names of a bank's files."""
    return [f"view-{view}.npy" for view in range(views)]


def bank_bytes(cohort: Cohort, pack: Pack, recipe: Recipe) -> int:
    """Return how much disk a bank needs, in bytes."""
    rows, sizes = bank_rows(cohort, pack)
    side = recipe.preprocess.size // 32
    return (len(rows) + (recipe.bank.views - 1) * sizes["train"]) * side * side * TRUNK_CHANNELS * 2


def build_bank(
    network: ChestNet,
    cohort: Cohort,
    pack: Pack,
    recipe: Recipe,
    out: Path,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Run the trunk over every view and store what it gives, a file a view.

    Args:
        network: Its trunk is run.
        cohort: Says which rows are trained on.
        pack: The pictures.
        recipe: The number of views, the augmentation and the seed.
        out: The bank's folder.
        progress: Called with the number of pictures done since the last call.

    Raises:
        OutputError: The bank cannot be written, as when the disk is full.
    """
    rows, sizes = bank_rows(cohort, pack)
    for view, name in enumerate(view_files(recipe.bank.views)):
        view_rows = rows if view == 0 else rows[: sizes["train"]]
        with write_whole(out / name) as partial:
            _write_view(network, pack, recipe, view, view_rows, partial, progress)


def open_bank(folder: Path, cohort: Cohort, pack: Pack, views: int) -> FeatureBank:
    """Open a bank that `build_bank` wrote; that it belongs to these is the caller's to know."""
    rows, sizes = bank_rows(cohort, pack)
    return FeatureBank(
        rows, sizes, tuple(np.load(folder / name, mmap_mode="r") for name in view_files(views))
    )


def _write_view(
    network: ChestNet,
    pack: Pack,
    recipe: Recipe,
    view: int,
    rows: NDArray[np.intp],
    target: Path,
    progress: Callable[[int], None],
) -> None:
    side = recipe.preprocess.size // 32
    stored = np.lib.format.open_memmap(
        target, mode="w+", dtype=np.float16, shape=(len(rows), side, side, TRUNK_CHANNELS)
    )
    if hasattr(os, "posix_fallocate"):
        with target.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, target.stat().st_size)
    device = next(network.parameters()).device
    for start in range(0, len(rows), _BATCH):
        chunk = rows[start : start + _BATCH]
        pictures = np.stack(
            [
                view_of(pack.pixels[row], recipe.augmentation, seed=recipe.seed, row=int(row), view=view)
                for row in chunk
            ]
        )
        with torch.inference_mode():
            features = network.features(torch.from_numpy(pictures).to(device))
        # Channels last, as the convolutions of the tail read them fastest.
        stored[start : start + len(chunk)] = features.permute(0, 2, 3, 1).half().cpu().numpy()
        progress(len(chunk))
    stored.flush()
