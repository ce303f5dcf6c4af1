"""DenseNet-121 in two parts: the frozen backbone and the trainable layers.

Huang et al., "Densely Connected Convolutional Networks", CVPR 2017. The backbone extends from conv0 to
transition3, the trainable layers from dense block 4 to the head.

The layers are implemented here under torchvision's names, and the tests compare them with torchvision's:
importing torchvision takes longer than importing torch and would slow every start of `predict` and `serve`.
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn

from cxrtune.images.preprocess import normalisation
from cxrtune.models.batch_statistics import process_count
from cxrtune.models.dense_block import train_dense_block
from cxrtune.models.heads import make_head
from cxrtune.recipe import HeadSpec, PreprocessSpec

TRUNK_CHANNELS = 512
TAIL_CHANNELS = 1024
_TAIL_PARTS = ("denseblock4", "norm5")
_TRUNK_BLOCKS = (
    ("transition3", "denseblock3"),
    ("transition2", "denseblock2"),
    ("transition1", "denseblock1"),
    ("norm0", "conv0"),
)
_GROWTH = 32
_BOTTLENECK = 4 * _GROWTH
_LAYERS = (6, 12, 24, 16)
_FIRST_CHANNELS = 64
_IMAGENET_CLASSES = 1000


class Trunk(nn.Module):
    """The backbone, conv0 to transition3: without gradient and in eval mode until unfrozen."""

    def __init__(self, features: nn.Sequential) -> None:
        super().__init__()
        self.features = nn.Sequential()
        for name, part in features.named_children():
            if name not in _TAIL_PARTS:
                self.features.add_module(name, part)
        self._learning: tuple[str, ...] = ()
        self.requires_grad_(False)
        self.train(False)

    def unfreeze(self, part: Literal["denseblock3", "all"]) -> None:
        """Make a part and everything above it trainable, including batch-norm statistics."""
        names = [name for name, _ in self.features.named_children()]
        self._learning = tuple(names if part == "all" else names[names.index(part) :])
        for name in self._learning:
            self.features.get_submodule(name).requires_grad_(True)

    def train(self, mode: bool = True) -> Trunk:
        """Set unfrozen layers to `mode`; the others stay in eval mode, so their statistics do not change."""
        super().train(False)
        for name in self._learning:
            self.features.get_submodule(name).train(mode)
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images, float32 (N, 3, S, S), to float32 (N, 512, S/32, S/32)."""
        output: Tensor = self.features(images)
        return output


class Tail(nn.Module):
    """The trainable layers: dense block 4, norm5 and the head."""

    def __init__(self, features: nn.Sequential, head: nn.Module) -> None:
        super().__init__()
        self.denseblock4 = features.get_submodule("denseblock4")
        self.norm5 = cast(nn.BatchNorm2d, features.get_submodule("norm5"))
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        """Map the backbone's output, float32 (N, 512, h, w), to logits, float32 (N, F).

        In train mode with `torch.distributed` initialized, the batch is that of all processes; the features
        must then not require a gradient.
        """
        # Mixed precision casts layer by layer, which works with the plain layers only.
        mixed = torch.is_autocast_enabled(features.device.type) and process_count() == 1
        if self.training and not features.requires_grad and not mixed:
            with torch.autocast(features.device.type, enabled=False):
                maps = train_dense_block(self.denseblock4, self.norm5, features)
        else:
            maps = nn.functional.relu(self.norm5(self.denseblock4(features)))
        logits: Tensor = self.head(maps)
        return logits


class ChestNet(nn.Module):
    """The whole network, from packed grey images to one logit per finding."""

    scale: Tensor
    offset: Tensor

    def __init__(self, trunk: Trunk, tail: Tail, preprocess: PreprocessSpec) -> None:
        super().__init__()
        self.trunk = trunk
        self.tail = tail
        scale, offset = normalisation(preprocess)
        # Constants of the preprocessing, which the model file stores in the recipe: not part of the state.
        self.register_buffer("scale", torch.from_numpy(scale).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("offset", torch.from_numpy(offset).view(1, 3, 1, 1), persistent=False)

    def features(self, pixels: Tensor) -> Tensor:
        """Map grey values in [0, 255], uint8 or float (N, S, S), to features, float32 (N, 512, h, w)."""
        images = pixels.unsqueeze(1).float() * self.scale + self.offset
        output: Tensor = self.trunk(images.contiguous(memory_format=torch.channels_last))
        return output

    def forward(self, pixels: Tensor) -> Tensor:
        """Map grey values in [0, 255], uint8 or float (N, S, S), to logits, float32 (N, F)."""
        logits: Tensor = self.tail(self.features(pixels))
        return logits

    def learning_blocks(self) -> list[list[nn.Parameter]]:
        """Return the trainable parameters, one list per block, from the head down."""
        trunk = self.trunk.features
        blocks = [[self.tail.head], [self.tail.norm5, self.tail.denseblock4]]
        blocks += [[trunk.get_submodule(name) for name in names] for names in _TRUNK_BLOCKS]
        found = [
            [parameter for part in block for parameter in part.parameters() if parameter.requires_grad]
            for block in blocks
        ]
        return [parameters for parameters in found if parameters]


def build_network(findings: int, head: HeadSpec, preprocess: PreprocessSpec, seed: int) -> ChestNet:
    """Build the network with random weights.

    Args:
        findings: Number of logits.
        head: The pooling of the last feature map.
        preprocess: The normalisation of packed pixels.
        seed: Seed of the weights; the caller's random state is not changed.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        features = densenet121_features()
        network = ChestNet(
            Trunk(features), Tail(features, make_head(head, TAIL_CHANNELS, findings)), preprocess
        )
    return network.to(memory_format=torch.channels_last)


class DenseLayer(nn.Module):
    """Computes 32 new feature maps from all earlier ones of its block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(channels, _BOTTLENECK, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(_BOTTLENECK)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(_BOTTLENECK, _GROWTH, 3, padding=1, bias=False)

    def forward(self, earlier: list[Tensor]) -> Tensor:
        """Map a list of float32 (N, c, h, w) to float32 (N, 32, h, w)."""
        bottleneck = self.conv1(self.relu1(self.norm1(torch.cat(earlier, 1))))
        return cast(Tensor, self.conv2(self.relu2(self.norm2(bottleneck))))


class DenseBlock(nn.ModuleDict):
    """Layers that each read the output of all preceding layers."""

    def __init__(self, layers: int, channels: int) -> None:
        super().__init__({f"denselayer{n + 1}": DenseLayer(channels + n * _GROWTH) for n in range(layers)})

    def forward(self, maps: Tensor) -> Tensor:
        """Map float32 (N, C, h, w) to float32 (N, C + 32 L, h, w)."""
        found = [maps]
        for layer in self.values():
            found.append(layer(found))
        return torch.cat(found, 1)


def _transition(channels: int) -> nn.Sequential:
    """Return layers that halve the number of channels and the side of the maps."""
    layers = nn.Sequential()
    layers.add_module("norm", nn.BatchNorm2d(channels))
    layers.add_module("relu", nn.ReLU(inplace=True))
    layers.add_module("conv", nn.Conv2d(channels, channels // 2, 1, bias=False))
    layers.add_module("pool", nn.AvgPool2d(2, 2))
    return layers


def densenet121_features() -> nn.Sequential:
    """Return conv0 to norm5 with random weights, drawn as in torchvision: Kaiming normal for convolutions.

    The layers map normalised images, float32 (N, 3, S, S), to float32 (N, 1024, S/32, S/32), before the ReLU.
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
    # torchvision draws its classifier before it initialises the convolutions again; this line makes a seed
    # give the same weights here as there.
    nn.Linear(channels, _IMAGENET_CLASSES)
    for module in features.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return features
