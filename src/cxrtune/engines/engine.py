"""What an engine is: images in, what the network makes of them out, in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from cxrtune.images.preprocess import Packed

Outputs = tuple[NDArray[Any], ...]
EngineName = Literal["auto", "torch", "openvino"]
Precision = Literal["float32", "bfloat16", "int8"]
Aim = Literal["throughput", "latency"]
"""What an engine is set up for: many images at once, or the shortest wait for one."""


class Engine(Protocol):
    """Runs one network."""

    @property
    def name(self) -> str:
        """What reports call it, precision included."""

    def stream(self, images: Iterable[Packed]) -> Iterator[Outputs]:
        """Run the network over images, (S, S), grey in [0, 255]; yield each one's outputs in turn.

        Images are drawn from the iterable while earlier ones are still in the network.
        """
