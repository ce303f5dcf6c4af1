"""Processes that decode images ahead of the engine; whatever the archive's size, few pictures wait.

A process that dies (a fault in a codec, want of memory) is replaced and its images are decoded again, in the
end each alone: one that ends its process then, too, is a row with that reason, and the others are scored.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType

from cxrtune.errors import CxrtuneError, UnreadableImageError
from cxrtune.images.appearance import Appearance, appearance_of
from cxrtune.images.decode import read_radiograph
from cxrtune.images.decoding_process import become_decoding_process
from cxrtune.images.dicom import Allowance
from cxrtune.images.preprocess import Packed, to_packed
from cxrtune.recipe import PreprocessSpec

_CHUNK = 16  # images a task: handing over costs nothing beside decoding them, and few pictures wait
_MOST_DEATHS = 8  # one after the other, with nothing decoded in between

Image = tuple[bytes, str | None]
"""A file's path, and why it cannot even be tried, or None."""


@dataclass(frozen=True)
class PackedReading:
    """A picture as the engine takes it; the whole radiograph stays in the process that decoded it.

    Attributes:
        packed: (S, S), what the network will see.
        appearance: What the cheap checks look at.
    """

    packed: Packed
    appearance: Appearance


Decoded = PackedReading | UnreadableImageError


@dataclass
class _Task:
    images: list[Image]
    future: Future[list[PackedReading | str]]
    deaths: int = 0


class Decoders:
    """A pool of decoding processes."""

    def __init__(
        self,
        processes: int,
        spec: PreprocessSpec,
        allow: frozenset[Allowance],
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start decoding processes.

        Args:
            processes: How many.
            spec: How a radiograph is brought to size.
            allow: What is let in of DICOM that is refused otherwise.
            warn: Told of processes that died.
        """
        self._processes, self._arguments, self._warn = processes, (spec, allow), warn
        self._others = multiprocessing.active_children()
        self._deaths = 0
        self._pool = self._started()

    def read(self, images: Iterable[Image]) -> Iterator[Decoded]:
        """Decode images in order, some ahead of whoever asks; errors of reading stand in their places.

        Raises:
            CxrtuneError: The processes die again and again.
        """
        waiting, tasks = iter(images), deque[_Task]()
        while True:
            while len(tasks) < 2 * self._processes + 1 and (chunk := list(islice(waiting, _CHUNK))):
                tasks.append(_Task(chunk, self._submitted(chunk)))
            if not tasks:
                return
            try:
                found = tasks[0].future.result()
            except BrokenProcessPool:
                yield from self._after_death(tasks)
                continue
            self._deaths = 0
            tasks.popleft()
            yield from map(_decoded, found)

    def close(self) -> None:
        """End the processes, in whatever they are."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        # A process that waits for a dead network disk would be waited for without end.
        for process in multiprocessing.active_children():
            if process not in self._others:
                process.terminate()

    def __enter__(self) -> Decoders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork of a process that has run torch can hang on torch's threads.
        return ProcessPoolExecutor(
            self._processes,
            multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=self._arguments,
        )

    def _submitted(self, images: list[Image]) -> Future[list[PackedReading | str]]:
        try:
            return self._pool.submit(_decode, images)
        except BrokenProcessPool as error:
            broken: Future[list[PackedReading | str]] = Future()
            broken.set_exception(error)
            return broken

    def _after_death(self, tasks: deque[_Task]) -> Iterator[Decoded]:
        """Start anew; decode the first task's images each alone if the processes died of it twice."""
        first = tasks[0]
        first.deaths += 1
        self._restart()
        if first.deaths > 1:
            for image in first.images:
                yield self._alone(image)
            tasks.popleft()
        for task in tasks:
            task.future = self._submitted(task.images)

    def _alone(self, image: Image) -> Decoded:
        try:
            found = self._submitted([image]).result()[0]
        except BrokenProcessPool:
            self._restart()
            return UnreadableImageError("ended the process that decoded it, more than once")
        self._deaths = 0
        return _decoded(found)

    def _restart(self) -> None:
        self._deaths += 1
        self.close()
        if self._deaths >= _MOST_DEATHS:
            raise CxrtuneError(
                f"decoding processes were killed {self._deaths} times in a row, perhaps for want of memory",
                remedy="Try again with fewer processes: --workers 1. What was scored is kept.",
            )
        self._warn("predict: a decoding process was killed; its images are decoded again")
        self._pool = self._started()


def _decoded(found: PackedReading | str) -> Decoded:
    return UnreadableImageError(found) if isinstance(found, str) else found


_spec: PreprocessSpec
_allow: frozenset[Allowance]


def _start_worker(spec: PreprocessSpec, allow: frozenset[Allowance]) -> None:
    # A worker's fixtures live as long as the process: that is what an initializer is for.
    global _spec, _allow
    become_decoding_process()
    _spec, _allow = spec, allow


def _decode(images: list[Image]) -> list[PackedReading | str]:
    return [_read(os.fsdecode(path)) if problem is None else problem for path, problem in images]


def _read(path: str) -> PackedReading | str:
    try:
        radiograph = read_radiograph(Path(path), _allow)
    except UnreadableImageError as error:
        return error.reason
    packed = to_packed(radiograph, _spec)
    return PackedReading(packed, appearance_of(radiograph, packed))
