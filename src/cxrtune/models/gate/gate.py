"""The gate as part of the network: pixels and the trunk's output in, three distances and a pose out."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cxrtune.models.densenet import TRUNK_CHANNELS
from cxrtune.models.description import DISTANCES, UPRIGHT
from cxrtune.models.gate.pose import PoseNet, log_surprise
from cxrtune.models.gate.subspace import Subspace

_FEATURE_COMPONENTS = 50
_PICTURE_COMPONENTS = 20
_THUMBNAIL = 56  # pixels, about; the pose needs more of them than the distance does
_FAINTEST = 4.0  # grey values: below, noise would be stretched to a picture


class Measured(NamedTuple):
    """What the gate measures.

    Attributes:
        strangeness: float32 (N, 3), by `DISTANCES`: 0 as the middle of validation, 1 as its 99th percentile.
        pose: float32 (N, 16), logarithm of the probability of each pose.
    """

    strangeness: Tensor
    pose: Tensor


class Gate(nn.Module):
    """Measures how far pictures are from training images; what is too far is decided elsewhere."""

    centre: Tensor
    reach: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self._cell = max(1, size // _THUMBNAIL)
        side = size // self._cell
        self.features = Subspace(TRUNK_CHANNELS, _FEATURE_COMPONENTS)
        self.picture = Subspace((side // 2) ** 2, _PICTURE_COMPONENTS)
        self.pose = PoseNet(side)
        self.register_buffer("centre", torch.zeros(len(DISTANCES)))
        self.register_buffer("reach", torch.ones(len(DISTANCES)))
        self.requires_grad_(False)
        self.eval()

    def forward(self, pixels: Tensor, features: Tensor) -> Measured:
        """Measure pictures.

        Args:
            pixels: grey in [0, 255], uint8 or float (N, S, S).
            features: float32 (N, 512, h, w), the trunk's output for them.
        """
        distances, pose = self.raw(self.thumbnails(pixels), self.pooled(features))
        return Measured((distances - self.centre) / self.reach, pose)

    def raw(self, thumbnails: Tensor, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Return logarithms of distances, float32 (N, 3), and of the poses' probabilities, (N, 16)."""
        pose = self.pose(thumbnails).log_softmax(dim=1)
        unlike = log_surprise(pose[:, UPRIGHT + 1 :].logsumexp(dim=1, keepdim=True) - pose[:, UPRIGHT, None])
        parts = (self.features(pooled), self.picture(self.coarse(thumbnails)), unlike)
        return torch.cat(parts, dim=1), pose

    def thumbnails(self, pixels: Tensor) -> Tensor:
        """Return float32 (N, 1, s, s): reduced by averaging, each of mean 0 and standard deviation 1."""
        small = F.avg_pool2d(pixels.unsqueeze(1).float(), self._cell)
        centred = small - small.mean(dim=(2, 3), keepdim=True)
        contrast = centred.square().mean(dim=(2, 3), keepdim=True).sqrt()
        return centred / contrast.clamp_min(_FAINTEST)

    @staticmethod
    def coarse(thumbnails: Tensor) -> Tensor:
        """Return thumbnails of half the side as vectors, float32 (N, (s // 2)^2)."""
        return F.avg_pool2d(thumbnails, 2).flatten(1)

    @staticmethod
    def pooled(features: Tensor) -> Tensor:
        """Return the mean of the trunk's output over the map, float32 (N, 512)."""
        return features.mean(dim=(2, 3))
