"""Many pictures in turn: read while earlier ones are in the network; what cannot be read keeps its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from cxrtune.engines.engine import Engine, Outputs, Picture
from cxrtune.errors import UnreadableImageError

Named = TypeVar("Named")
Read = TypeVar("Read")

_AHEAD = 16  # pictures that are decoded before the engine asks for them
_DECODERS = 2


def read_ahead(
    read: Callable[[Named], Read], sources: Iterable[Named], threads: int = _DECODERS
) -> Iterator[Read | UnreadableImageError]:
    """Read sources in threads, a bounded number ahead of whoever asks; errors stand in their places."""
    pending: deque[Future[Read]] = deque()
    waiting = iter(sources)
    with ThreadPoolExecutor(threads) as decoders:
        while True:
            for source in islice(waiting, _AHEAD - len(pending)):
                pending.append(decoders.submit(read, source))
            if not pending:
                return
            try:
                yield pending.popleft().result()
            except UnreadableImageError as error:
                yield error


def scored_in_turn(
    engine: Engine, read: Iterable[Read | UnreadableImageError], picture: Callable[[Read], Picture]
) -> Iterator[tuple[Read, Outputs] | UnreadableImageError]:
    """Run the network over what was read; yield each with its outputs, and errors in their places."""
    behind: deque[Read | UnreadableImageError] = deque()

    def pictures() -> Iterator[Picture]:
        for found in read:
            behind.append(found)
            if not isinstance(found, UnreadableImageError):
                yield picture(found)

    for outputs in engine.stream(pictures()):
        while isinstance(first := behind.popleft(), UnreadableImageError):
            yield first
        yield first, outputs
    yield from (error for error in behind if isinstance(error, UnreadableImageError))
