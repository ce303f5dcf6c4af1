"""Run the backbone on every missing view and store its output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from cxrtune.engines.engine import Engine
from cxrtune.images.preprocess import Packed
from cxrtune.memory import let_pages_go
from cxrtune.models.densenet import ChestNet
from cxrtune.packs.pack import Pack
from cxrtune.recipe import Recipe
from cxrtune.training.augmentation import view_of
from cxrtune.training.bank.plan import BankPlan
from cxrtune.training.bank.view_file import ViewFile
from cxrtune.training.team import Team


class TrunkOutput(nn.Module):
    """The backbone, with the output format of the feature bank: float16, channels last."""

    def __init__(self, network: ChestNet) -> None:
        super().__init__()
        # Only the backbone of the network is registered here: an engine's eval() must not reach the
        # trainable layers, which may be in training while new views are drawn.
        self.trunk = network.trunk
        self._features = network.features

    def forward(self, pixels: Tensor) -> Tensor:
        """Map grey values in [0, 255], uint8 or float (N, S, S), to float16 (N, h, w, 512)."""
        return self._features(pixels).permute(0, 2, 3, 1).half()


def build_views(
    folder: Path,
    plan: BankPlan,
    views: Iterable[int],
    make_engine: Callable[[], Engine],
    pack: Pack,
    recipe: Recipe,
    team: Team,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Build the missing views; each process of the team builds its share of the blocks.

    Args:
        folder: The folder of the feature bank; it must exist.
        plan: The layout of the feature bank.
        views: The numbers of the requested views.
        make_engine: Creates the engine that runs `TrunkOutput`; called once, and only if a view is missing.
        pack: The images.
        recipe: The augmentation and the seed.
        team: The processes that build together.
        progress: Called with the number of images that all processes have done since the last call.

    Raises:
        OutputError: The feature bank cannot be written, for example because the disk is full; finished
            blocks are kept.
    """
    files = [ViewFile(folder, view, plan.shape(view)) for view in views]
    files = [file for file in files if not file.path.is_file()]
    if team.is_first:
        for file in files:
            file.prepare()
    team.wait()
    missing = [(file, rows) for file in files for rows in file.missing_blocks()]
    progress(plan.images(file.view for file in files) - sum(_length(rows) for _, rows in missing))
    team.wait()  # no process may record a block before all processes have read the records
    own = missing[team.rank :: team.size]
    if own:
        engine = make_engine()
        for file, rows in own:
            # One block at a time, so that an interrupted build resumes with exactly the same batches.
            outputs = engine.stream(_images(plan.rows[rows], file.view, pack, recipe))
            file.write(rows, np.stack([features for (features,) in outputs]), team.rank)
            let_pages_go(pack.pixels)
            progress(_length(rows) * team.size)
    team.wait()
    if team.is_first:
        for file in files:
            file.finish()
    team.wait()


def _images(rows: NDArray[np.intp], view: int, pack: Pack, recipe: Recipe) -> Iterator[Packed]:
    for row in rows:
        yield view_of(pack.pixels[row], recipe.augmentation, seed=recipe.seed, row=int(row), view=view)


def _length(rows: slice) -> int:
    return int(rows.stop - rows.start)
