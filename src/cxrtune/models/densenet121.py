"""DenseNet-121 without its classifier, layer by layer, under torchvision's names.

Huang et al., "Densely Connected Convolutional Networks", CVPR 2017: DenseNet-BC with a growth rate of 32. It
is written here, and held to torchvision's by the tests, because importing torchvision takes longer than
importing torch: every start of `predict` and `serve` would pay for it.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

_GROWTH = 32
_BOTTLENECK = 4 * _GROWTH
_LAYERS = (6, 12, 24, 16)
_FIRST_CHANNELS = 64
_IMAGENET_CLASSES = 1000


class DenseLayer(nn.Module):
    """Maps all earlier maps of its block to 32 new ones."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(channels, _BOTTLENECK, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(_BOTTLENECK)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(_BOTTLENECK, _GROWTH, 3, padding=1, bias=False)

    def forward(self, earlier: list[Tensor]) -> Tensor:
        """Map float32 (N, c, h, w) each to float32 (N, 32, h, w)."""
        bottleneck = self.conv1(self.relu1(self.norm1(torch.cat(earlier, 1))))
        return cast(Tensor, self.conv2(self.relu2(self.norm2(bottleneck))))


class DenseBlock(nn.ModuleDict):
    """Layers that each read all that came before them."""

    def __init__(self, layers: int, channels: int) -> None:
        super().__init__({f"denselayer{n + 1}": DenseLayer(channels + n * _GROWTH) for n in range(layers)})

    def forward(self, maps: Tensor) -> Tensor:
        """Map float32 (N, C, h, w) to float32 (N, C + 32 L, h, w)."""
        found = [maps]
        for layer in self.values():
            found.append(layer(found))
        return torch.cat(found, 1)


def _transition(channels: int) -> nn.Sequential:
    """Halve the channels, and the side of the maps."""
    layers = nn.Sequential()
    layers.add_module("norm", nn.BatchNorm2d(channels))
    layers.add_module("relu", nn.ReLU(inplace=True))
    layers.add_module("conv", nn.Conv2d(channels, channels // 2, 1, bias=False))
    layers.add_module("pool", nn.AvgPool2d(2, 2))
    return layers


def densenet121_features() -> nn.Sequential:
    """Return conv0 to norm5 with random weights: He's for convolutions, as torchvision draws them.

    Maps float32 (N, 3, S, S), normalised, to float32 (N, 1024, S/32, S/32), not rectified.
    """
    features = nn.Sequential()
    features.add_module("conv0", nn.Conv2d(3, _FIRST_CHANNELS, 7, stride=2, padding=3, bias=False))
    features.add_module("norm0", nn.BatchNorm2d(_FIRST_CHANNELS))
    features.add_module("relu0", nn.ReLU(inplace=True))
    features.add_module("pool0", nn.MaxPool2d(3, stride=2, padding=1))
    channels = _FIRST_CHANNELS
    for number, layers in enumerate(_LAYERS, start=1):
        features.add_module(f"denseblock{number}", DenseBlock(layers, channels))
        channels += layers * _GROWTH
        if number < len(_LAYERS):
            features.add_module(f"transition{number}", _transition(channels))
            channels //= 2
    features.add_module("norm5", nn.BatchNorm2d(channels))
    # Torchvision draws its classifier before it draws the convolutions anew: a seed means the same there.
    nn.Linear(channels, _IMAGENET_CLASSES)
    for module in features.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return features
