"""torch in eager mode: the engine of GPUs, and the one that is always there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from cxrtune.engines.engine import Outputs, Picture

_CPU_BATCH = 8  # more is slower: the feature maps outgrow the caches (benchmarks/README.md)
_GPU_BATCH = 64


class TorchEngine:
    """A network in eval mode, on the device where its weights are."""

    name = "torch, float32"

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval()
        self._device = next(network.parameters()).device
        self._batch = _CPU_BATCH if self._device.type == "cpu" else _GPU_BATCH

    def stream(self, pictures: Iterable[Picture]) -> Iterator[Outputs]:
        """Run the network over pictures, uint8 or float16 (S, S); yield each one's outputs in turn."""
        waiting = iter(pictures)
        while batch := list(islice(waiting, self._batch)):
            with torch.inference_mode():
                found = self._network(torch.from_numpy(np.stack(batch)).to(self._device))
            several: tuple[Tensor, ...] = (found,) if isinstance(found, Tensor) else tuple(found)
            yield from zip(*(output.cpu().numpy() for output in several), strict=True)
