"""From the last feature map to one logit a finding."""

from __future__ import annotations

import math

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
