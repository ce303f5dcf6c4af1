"""How far a vector is from those that a subspace was fitted to."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SMALLEST = 1e-12
"""Variance, where the training vectors are all the same."""


class Subspace(nn.Module):
    """Principal components of training vectors; outside of them, one variance for all that is left.

    The squared distance is that of probabilistic principal component analysis (Tipping and Bishop, 1999):
    Mahalanobis within the components, and the rest in units of its own mean variance.
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
        # |c|^2 - |along|^2 would be the same on paper; in float32 it is the rounding of two large squares.
        outside = centred - along @ self.axes
        left = outside.square().sum(dim=1, keepdim=True)
        return (within + left / self.rest + 1e-6).log()

    @torch.no_grad()
    def fit(self, vectors: Tensor, *, scale: bool) -> None:
        """Fit mean, components and variances.

        Args:
            vectors: float32 (N, D), of training images.
            scale: Divide each entry by its standard deviation first.
        """
        self.mean.copy_(vectors.mean(dim=0))
        if scale:
            self.scale.copy_(vectors.std(dim=0).clamp_min(1e-4))
        centred = (vectors - self.mean) / self.scale
        _, values, axes = torch.linalg.svd(centred.double(), full_matrices=False)
        variances = values.square() / len(vectors)
        # Of a float32 vector within the components, rounding leaves |c|^2 eps^2 outside of them. Over this
        # floor that is at most D eps times what the vector counts within.
        least = max(torch.finfo(torch.float32).eps * float(variances.sum()) / vectors.shape[1], _SMALLEST)
        # With few vectors the last components are chance: no more than a third as many as vectors are kept.
        kept = min(len(self.axes), max(1, len(vectors) // 3))
        self.axes.zero_()
        self.spread.fill_(1.0)
        self.axes[:kept].copy_(axes[:kept])
        self.spread[:kept].copy_(variances[:kept].clamp_min(least))
        left = variances[kept:].sum() / max(1, vectors.shape[1] - kept)
        self.rest.copy_(left.clamp_min(least))
