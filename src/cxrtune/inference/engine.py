"""Runs a network over packed pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cxrtune.images.preprocess import Packed
from cxrtune.memory import let_pages_go
from cxrtune.models.densenet import ChestNet

Pixels = Packed
_BATCH = 8  # more is slower on a CPU: the feature maps outgrow the caches


class TorchEngine:
    """The network in eval mode on the best device there is.

    `flip` averages the logits of each picture and its mirror image.
    """

    def __init__(self, network: ChestNet, *, flip: bool = False) -> None:
        self._flip = flip
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = network.eval().to(self._device)

    def logits(self, pixels: Pixels) -> NDArray[np.float32]:
        """Map grey in [0, 255], uint8 or float (N, S, S), to logits, float32 (N, F)."""
        with torch.inference_mode():
            pictures = torch.from_numpy(pixels).to(self._device)
            logits: Tensor = self._network(pictures)
            if self._flip:
                logits = (logits + self._network(pictures.flip(-1))) / 2
        return cast(NDArray[np.float32], logits.float().cpu().numpy())

    def logits_of_rows(
        self, pixels: Pixels, rows: Iterable[int], progress: Callable[[int], None] = lambda _: None
    ) -> NDArray[np.float32]:
        """Return the logits of some rows of a pack, float32 (n, F), a batch at a time."""
        wanted = np.asarray(list(rows), dtype=np.intp)
        parts = []
        for start in range(0, len(wanted), _BATCH):
            chunk = wanted[start : start + _BATCH]
            parts.append(self.logits(cast(Pixels, np.ascontiguousarray(pixels[chunk]))))
            let_pages_go(pixels)
            progress(len(chunk))
        return np.concatenate(parts)

    def pooled_of_rows(self, pixels: Pixels, rows: Iterable[int]) -> NDArray[np.float32]:
        """Return the mean of the trunk's output over its map for some rows of a pack, float32 (n, 512)."""
        wanted = np.asarray(list(rows), dtype=np.intp)
        parts = []
        for start in range(0, len(wanted), _BATCH):
            pictures = torch.from_numpy(np.ascontiguousarray(pixels[wanted[start : start + _BATCH]]))
            with torch.inference_mode():
                features: Tensor = self._network.features(pictures.to(self._device))
                parts.append(features.mean(dim=(2, 3)).float().cpu().numpy())
            let_pages_go(pixels)
        return np.concatenate(parts)


def probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map logits to probabilities in [0, 1] by the logistic function, float32 of the same shape."""
    return cast(NDArray[np.float32], torch.sigmoid(torch.from_numpy(logits)).numpy())
