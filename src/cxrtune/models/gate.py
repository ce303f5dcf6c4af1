"""The OOD check as part of the network: pixels and the backbone's output give three distances and a pose.

The features of a rotated, mirrored or inverted chest radiograph are near those of the training images. Its
pose can be learned without labels, because each training image can be brought into every pose (Hendrycks et
al., "Using Self-Supervised Learning Can Improve Model Robustness and Uncertainty", NeurIPS 2019).
`cxrtune.training.gate` fits the OOD check.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cxrtune.models.densenet import TRUNK_CHANNELS
from cxrtune.models.description import DISTANCES, POSES, UPRIGHT

_FEATURE_COMPONENTS = 50
_IMAGE_COMPONENTS = 20
_THUMBNAIL = 56  # pixels, approximately; the pose needs a higher resolution than the distance
_FAINTEST = 4.0  # grey values: with less contrast, noise would be amplified

_LOWEST, _SERIES = -13.8, -4.0  # log-odds

_SMALLEST = 1e-12
"""The variance if all training vectors are equal."""


class Measured(NamedTuple):
    """The measurements of the OOD check.

    Attributes:
        ood_score: float32 (N, 3), by `DISTANCES`: 0 is the median of validation, 1 its 99th percentile.
        pose: float32 (N, 16), logarithm of the probability of each pose.
    """

    ood_score: Tensor
    pose: Tensor


class Gate(nn.Module):
    """Measures the distance of images from the training images; the threshold is applied elsewhere."""

    centre: Tensor
    reach: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self._cell = max(1, size // _THUMBNAIL)
        side = size // self._cell
        self.features = Subspace(TRUNK_CHANNELS, _FEATURE_COMPONENTS)
        self.image = Subspace((side // 2) ** 2, _IMAGE_COMPONENTS)
        self.pose = PoseNet(side)
        self.register_buffer("centre", torch.zeros(len(DISTANCES)))
        self.register_buffer("reach", torch.ones(len(DISTANCES)))
        self.requires_grad_(False)
        self.eval()

    def forward(self, pixels: Tensor, features: Tensor) -> Measured:
        """Measure images.

        Args:
            pixels: Grey values in [0, 255], uint8 or float (N, S, S).
            features: float32 (N, 512, h, w), the backbone's output for these images.
        """
        distances, pose = self.raw(self.thumbnails(pixels), self.pooled(features))
        return Measured((distances - self.centre) / self.reach, pose)

    def raw(self, thumbnails: Tensor, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logarithms of distances, float32 (N, 3), and of pose probabilities, float32 (N, 16)."""
        pose = self.pose(thumbnails).log_softmax(dim=1)
        unlike = log_surprise(pose[:, UPRIGHT + 1 :].logsumexp(dim=1, keepdim=True) - pose[:, UPRIGHT, None])
        parts = (self.features(pooled), self.image(self.coarse(thumbnails)), unlike)
        return torch.cat(parts, dim=1), pose

    def thumbnails(self, pixels: Tensor) -> Tensor:
        """Return images reduced by averaging, with mean 0 and standard deviation 1, float32 (N, 1, s, s)."""
        small = F.avg_pool2d(pixels.unsqueeze(1).float(), self._cell)
        centred = small - small.mean(dim=(2, 3), keepdim=True)
        contrast = centred.square().mean(dim=(2, 3), keepdim=True).sqrt()
        return centred / contrast.clamp_min(_FAINTEST)

    @staticmethod
    def coarse(thumbnails: Tensor) -> Tensor:
        """Return the thumbnails at half their side as vectors, float32 (N, (s // 2)^2)."""
        return F.avg_pool2d(thumbnails, 2).flatten(1)

    @staticmethod
    def pooled(features: Tensor) -> Tensor:
        """Return the spatial mean of the backbone's output, float32 (N, 512)."""
        return features.mean(dim=(2, 3))


class Subspace(nn.Module):
    """Principal components of training vectors, with a single variance for the residual.

    The squared distance is that of probabilistic principal component analysis (Tipping and Bishop, 1999):
    the Mahalanobis distance within the components, plus the residual in units of its mean variance.
    """

    mean: Tensor
    scale: Tensor
    axes: Tensor
    spread: Tensor
    rest: Tensor

    def __init__(self, length: int, components: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(length))
        self.register_buffer("scale", torch.ones(length))
        self.register_buffer("axes", torch.zeros(components, length))
        self.register_buffer("spread", torch.ones(components))
        self.register_buffer("rest", torch.ones(1))

    def forward(self, vectors: Tensor) -> Tensor:
        """Map float32 (N, D) to the logarithm of the squared distance, float32 (N, 1)."""
        centred = (vectors - self.mean) / self.scale
        along = centred @ self.axes.T
        within = (along.square() / self.spread).sum(dim=1, keepdim=True)
        # |c|^2 - |along|^2 is mathematically equal, but in float32 it is the rounding error of large squares.
        outside = centred - along @ self.axes
        left = outside.square().sum(dim=1, keepdim=True)
        return (within + left / self.rest + 1e-6).log()

    @torch.no_grad()
    def fit(self, vectors: Tensor, *, scale: bool) -> None:
        """Fit mean, components and variances.

        Args:
            vectors: float32 (N, D), of training images.
            scale: Whether to divide each entry by its standard deviation first.
        """
        self.mean.copy_(vectors.mean(dim=0))
        if scale:
            self.scale.copy_(vectors.std(dim=0).clamp_min(1e-4))
        centred = (vectors - self.mean) / self.scale
        _, values, axes = torch.linalg.svd(centred.double(), full_matrices=False)
        variances = values.square() / len(vectors)
        # For a float32 vector within the components, rounding leaves a residual of |c|^2 eps^2. Divided by
        # this floor, it is at most D eps times the distance within the components.
        least = max(torch.finfo(torch.float32).eps * float(variances.sum()) / vectors.shape[1], _SMALLEST)
        # With few vectors the last components are random: at most one component per three vectors is kept.
        kept = min(len(self.axes), max(1, len(vectors) // 3))
        self.axes.zero_()
        self.spread.fill_(1.0)
        self.axes[:kept].copy_(axes[:kept])
        self.spread[:kept].copy_(variances[:kept].clamp_min(least))
        left = variances[kept:].sum() / max(1, vectors.shape[1] - kept)
        self.rest.copy_(left.clamp_min(least))


class PoseNet(nn.Sequential):
    """Maps thumbnails, float32 (N, 1, s, s), to log-odds of the poses, float32 (N, 16)."""

    def __init__(self, side: int) -> None:
        last = -(-side // 8)  # each of three convolutions halves the side, rounding up
        super().__init__(
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(1),
            nn.Dropout(0.3),
            nn.Linear(32 * last * last, len(POSES)),
        )


def posed(thumbnails: Tensor, poses: Tensor) -> Tensor:
    """Transform upright thumbnails to the given poses.

    Args:
        thumbnails: float32 (N, 1, s, s), with mean 0, so that inversion is a change of sign.
        poses: int64 (N,), in [0, 16).
    """
    inverted, mirrored, turns = poses // 8, poses // 4 % 2, poses % 4
    found = torch.where((inverted == 1).view(-1, 1, 1, 1), -thumbnails, thumbnails)
    found = torch.where((mirrored == 1).view(-1, 1, 1, 1), found.flip(-1), found)
    for quarter in (1, 2, 3):
        chosen = turns == quarter
        found[chosen] = torch.rot90(found[chosen], quarter, (2, 3))
    return found


def log_surprise(odds: Tensor) -> Tensor:
    """Return log(-log p) for a probability p with log-odds -`odds`, that is log(log(1 + exp(odds))).

    For small `odds`, 1 + exp(odds) loses all significant digits, and so does the softplus of the engines. The
    series odds - x/2 + 5 x^2/24 with x = exp(odds) is used instead; its error is below 1e-6.

    Args:
        odds: float32, any shape; values below -13.8, a probability of one in a million, are set to -13.8.
    """
    low = odds.clamp(_LOWEST, _SERIES)
    x = low.exp()
    series = low - x / 2 + 5 / 24 * x.square()
    return torch.where(odds < _SERIES, series, F.softplus(odds.clamp_min(_SERIES)).log())
