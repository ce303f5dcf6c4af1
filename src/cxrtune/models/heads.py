"""From the last feature map to one logit a finding, and back: where in the image a logit comes from.

Evidence maps need no backward pass. A linear layer on pooled maps is a sum over places. With average pooling
what a place adds to the logit is exact (class activation maps; Zhou et al., CVPR 2016). With log-sum-exp
pooling the map is weighted by the gradient, averaged over the map (Grad-CAM; Selvaraju et al., ICCV 2017): as
the places' shares of the soft maximum sum to one, that average is the very same weight, so one formula serves
both heads.

Weighting each place by its own gradient instead (HiResCAM) points less well, and so do maps of larger inputs:
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
        # What torch.logsumexp computes, to the bit, but it takes the exponential once more for the gradient.
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
    """Build the head that a recipe asks for."""
    pooling = AveragePooling() if spec.pooling == "average" else LogSumExpPooling(spec.sharpness)
    return Head(pooling, channels, findings)


def evidence_maps(maps: Tensor, head: Head) -> Tensor:
    """Return the evidence for each finding at each place of the last feature map.

    Args:
        maps: float32 (N, C, h, w), what the head was given.
        head: Pooling and one linear layer.

    Returns:
        float32 (N, F, h, w), in logits; for average pooling its sum over the map is the logit less its bias.
    """
    places = maps.shape[2] * maps.shape[3]
    return torch.einsum("fc,nchw->nfhw", head.linear.weight, maps) / places
