"""What is trained, as the loop calls it: the tail on stored features, or the network on pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cxrtune.models.densenet import ChestNet, Tail


class TailLearner(nn.Module):
    """The tail on the trunk's stored output; the trunk is not even here."""

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self.tail = tail

    def forward(self, features: Tensor) -> Tensor:
        """Map float32 (N, 512, h, w) to logits, float32 (N, F)."""
        logits: Tensor = self.tail(features)
        return logits


class NetworkLearner(nn.Module):
    """The network on packed pixels, warped on its device."""

    def __init__(self, network: ChestNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor, matrices: Tensor | None = None) -> Tensor:
        """Map grey in [0, 255], uint8 or float (N, S, S), to logits, float32 (N, F).

        Args:
            pixels: The pictures.
            matrices: float32 (N, 2, 3) of `sampling_matrix`, or None for the pictures as they are.
        """
        logits: Tensor = self.network(pixels if matrices is None else warped(pixels, matrices))
        return logits


def warped(pixels: Tensor, matrices: Tensor) -> Tensor:
    """Return views of pictures.

    Args:
        pixels: grey in [0, 255], uint8 or float (N, S, S).
        matrices: float32 (N, 2, 3), of `sampling_matrix`.

    Returns:
        float32 (N, S, S), grey in [0, 255]; what the pictures do not cover is black.
    """
    count, size, _ = pixels.shape
    # Half precision would place pixels a tenth of their width off.
    with torch.autocast(pixels.device.type, enabled=False):
        grid = F.affine_grid(matrices, [count, 1, size, size], align_corners=True)
        views = F.grid_sample(pixels.unsqueeze(1).float(), grid, mode="bilinear", align_corners=True)
    return views.squeeze(1)
