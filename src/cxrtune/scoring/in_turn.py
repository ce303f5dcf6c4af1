"""Many pictures in turn: read while earlier ones are in the network; what cannot be read keeps its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from cxrtune.engines.engine import Engine, Outputs
from cxrtune.errors import UnreadableImageError
from cxrtune.images.preprocess import Packed

Read = TypeVar("Read")


def scored_in_turn(
    engine: Engine, read: Iterable[Read | UnreadableImageError], picture: Callable[[Read], Packed]
) -> Iterator[tuple[Read, Outputs] | UnreadableImageError]:
    """Run the network over what was read; yield each with its outputs, and errors in their places."""
    behind: deque[Read | UnreadableImageError] = deque()

    def pictures() -> Iterator[Packed]:
        for found in read:
            behind.append(found)
            if not isinstance(found, UnreadableImageError):
                yield picture(found)

    for outputs in engine.stream(pictures()):
        while isinstance(first := behind.popleft(), UnreadableImageError):
            yield first
        yield first, outputs
    yield from (error for error in behind if isinstance(error, UnreadableImageError))
