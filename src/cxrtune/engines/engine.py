"""The interface of engines, which run a network on images and return its outputs in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from cxrtune.images.preprocess import Packed

Outputs = tuple[NDArray[Any], ...]
EngineName = Literal["auto", "torch", "openvino"]
Precision = Literal["float32", "bfloat16", "int8"]
Aim = Literal["throughput", "latency"]
"""What an engine is optimised for: the throughput of many images, or the latency of a single one."""


class Engine(Protocol):
    """Runs one network."""

    @property
    def name(self) -> str:
        """The name of the engine in reports, including the precision."""

    def stream(self, images: Iterable[Packed]) -> Iterator[Outputs]:
        """Run the network on images, (S, S), grey values in [0, 255]; yield the outputs of each in order.

        Images are taken from the iterable while earlier ones are still being processed.
        """
