"""A bank opened for reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxrtune.memory import let_pages_go
from cxrtune.training.bank.plan import BankPlan
from cxrtune.training.bank.view_file import Features, ViewFile

_POOLED_AT_ONCE = 512


@dataclass(frozen=True)
class FeatureBank:
    """Some views of a bank.

    Attributes:
        plan: The layout.
        views: By number, float16 (rows, h, w, 512), memory-mapped.
    """

    plan: BankPlan
    views: dict[int, Features]

    def pooled(self, span: slice) -> NDArray[np.float32]:
        """Return float32 (n, 512): the mean over the map of some plain pictures."""
        parts = []
        for start in range(span.start, span.stop, _POOLED_AT_ONCE):
            features = self.views[0][start : min(start + _POOLED_AT_ONCE, span.stop)]
            parts.append(features.mean(axis=(1, 2), dtype=np.float32))
            self.let_go()
        return np.concatenate(parts) if parts else np.empty((0, self.plan.shape(0)[3]), np.float32)

    def let_go(self) -> None:
        """Take what was read so far out of this process's resident memory."""
        for features in self.views.values():
            let_pages_go(features)


def open_bank(folder: Path, plan: BankPlan, views: Iterable[int]) -> FeatureBank:
    """Open views that `build_views` has finished; that they belong to the plan is the caller's to know."""
    paths = {view: ViewFile(folder, view, plan.shape(view)).path for view in views}
    return FeatureBank(plan, {view: np.load(path, mmap_mode="r") for view, path in paths.items()})
