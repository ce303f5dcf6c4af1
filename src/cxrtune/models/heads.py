"""Heads, which map the last feature map to one logit per finding, and class activation maps.

Class activation maps need no backward pass. A linear layer on pooled maps is a sum over positions. With
average pooling, the contribution of a position to the logit is exact (CAM; Zhou et al., CVPR 2016). With
log-sum-exp pooling, the map is weighted by the gradient, averaged over the map (Grad-CAM; Selvaraju et al.,
ICCV 2017): because the positions' shares of the soft maximum sum to one, that average is the same weight, and
one formula serves both heads.

Weighting each position by its own gradient (HiResCAM) localises less well, and so do maps of larger inputs:
`benchmarks/evidence.py`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cxrtune.recipe import HeadSpec


class AveragePooling(nn.Module):
    """The mean over the map."""

    def forward(self, maps: Tensor) -> Tensor:
        """Map float32 (N, C, h, w) to float32 (N, C)."""
        return maps.mean(dim=(2, 3))


class LogSumExpPooling(nn.Module):
    """(1 / r) log mean exp(r x) over the map: between mean (r -> 0) and maximum (r -> infinity).

    Pinheiro and Collobert, "From Image-level to Pixel-level Labeling with Convolutional Networks", CVPR 2015.
    """

    def __init__(self, sharpness: float) -> None:
        super().__init__()
        self.sharpness = sharpness

    def forward(self, maps: Tensor) -> Tensor:
        """Map float32 (N, C, h, w) to float32 (N, C)."""
        count = maps.shape[2] * maps.shape[3]
        scaled = self.sharpness * maps
        largest = scaled.detach().amax(dim=(2, 3), keepdim=True)
        # Identical to the bit to torch.logsumexp, which computes the exponential again for the gradient.
        logsumexp = (scaled - largest).exp_().sum(dim=(2, 3)).log() + largest[:, :, 0, 0]
        return (logsumexp - math.log(count)) / self.sharpness


class Head(nn.Module):
    """Pooling, then one linear layer."""

    def __init__(self, pooling: nn.Module, channels: int, findings: int) -> None:
        super().__init__()
        self.pooling = pooling
        self.linear = nn.Linear(channels, findings)

    def forward(self, maps: Tensor) -> Tensor:
        """Map float32 (N, C, h, w) to logits, float32 (N, F)."""
        logits: Tensor = self.linear(self.pooling(maps))
        return logits


def make_head(spec: HeadSpec, channels: int, findings: int) -> Head:
    """Build the head that a recipe specifies."""
    pooling = AveragePooling() if spec.pooling == "average" else LogSumExpPooling(spec.sharpness)
    return Head(pooling, channels, findings)


def evidence_maps(maps: Tensor, head: Head) -> Tensor:
    """Return the class activation map of each finding.

    Args:
        maps: float32 (N, C, h, w), the input of the head.
        head: Pooling and one linear layer.

    Returns:
        float32 (N, F, h, w), in logits; with average pooling, each map sums to the logit minus the bias.
    """
    places = maps.shape[2] * maps.shape[3]
    return torch.einsum("fc,nchw->nfhw", head.linear.weight, maps) / places
