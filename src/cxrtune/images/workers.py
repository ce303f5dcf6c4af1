"""Pool of processes that decode or draw: one that crashes, hangs or grows loses only one item.

Each process is controlled by a thread. The process pool of concurrent.futures is not used: it has no time
limits, and breaks as a whole if one process dies. Results are yielded in the order of the items, and some are
computed in advance.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import Any, Generic, TypeVar

from cxrtune.errors import CxrtuneError, UnreadableImageError
from cxrtune.images.decoding_process import DecodingLimits, DecodingProcess, KilledError, NotStartedError

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_DEATHS = 8  # consecutive deaths, with nothing decoded in between
_LIMITS = DecodingLimits()
_AHEAD = 8  # items per process that are submitted before the first result is needed


class Workers(Generic[Item, Result]):
    """A pool of processes, each of which works on one item at a time."""

    def __init__(
        self,
        make: Callable[[], Callable[[Item], Result]],
        processes: int,
        *,
        limits: DecodingLimits = _LIMITS,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start decoding processes.

        Args:
            make: Returns the function that a process applies to each item; sent to the process, so it must be
                importable.
            processes: Number of processes.
            limits: Limits for decoding one image.
            warn: Called with a message if a process was killed from outside.

        Raises:
            CxrtuneError: The system cannot start another process.
        """
        self._warn = warn
        self._lock = threading.Lock()
        self._deaths_in_a_row = 0
        self.healthy = True
        """Whether the process that was last needed could be started."""
        self._processes = [DecodingProcess(make, limits) for _ in range(processes)]
        self._idle: queue.SimpleQueue[DecodingProcess] = queue.SimpleQueue()
        for process in self._processes:
            process.start()
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="decoder")

    @property
    def ended(self) -> int:
        """Number of processes that have died or exceeded their time limit."""
        return sum(process.ended for process in self._processes)

    def wait_until_ready(self) -> None:
        """Wait until the processes have started, so that the first image need not wait; see `healthy`."""
        for process in self._processes:
            try:
                process.wait_until_ready()
            except NotStartedError:
                self.healthy = False

    def submit(self, item: Item) -> Future[Result]:
        """Decode one item as soon as a process is free.

        The future raises:
            UnreadableImageError: The item cannot be decoded, or its process died, hung or grew too large.
            CxrtuneError: Processes die repeatedly, or cannot be started.
        """
        return self._threads.submit(self._decode, item)

    def read(
        self, items: Iterable[Item], ahead: int | None = None
    ) -> Iterator[Result | UnreadableImageError]:
        """Decode items in order, some in advance; errors of reading are yielded in place of results.

        Args:
            items: Items to decode.
            ahead: Number of items that are decoded in advance.

        Raises:
            CxrtuneError: Processes die repeatedly, or cannot be started.
        """
        return in_order(self.submit, items, _AHEAD * len(self._processes) if ahead is None else ahead)

    def close(self) -> None:
        """End the processes, even while they are decoding."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.close()

    def __enter__(self) -> Workers[Item, Result]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decode(self, item: Item) -> Result:
        process = self._idle.get()
        try:
            result: Result = self._asked_twice(process, item)
        except NotStartedError:
            self.healthy = False
            raise
        finally:
            self._idle.put(process)
        self.healthy, self._deaths_in_a_row = True, 0
        return result

    def _asked_twice(self, process: DecodingProcess, item: Item) -> Any:
        try:
            return process.ask(item)
        except KilledError:
            self._note_death("a decoding process was killed; its image is decoded again")
        try:
            return process.ask(item)
        except KilledError:
            self._note_death(None)
            raise UnreadableImageError("ended the process that decoded it, more than once") from None

    def _note_death(self, told: str | None) -> None:
        with self._lock:
            self._deaths_in_a_row += 1
            deaths = self._deaths_in_a_row
        if deaths >= _MOST_DEATHS:
            raise CxrtuneError(
                f"decoding processes were killed {deaths} times in a row, perhaps for want of memory",
                remedy="Try again with fewer processes: `workers=1`. What was done is kept.",
            )
        if told is not None:
            self._warn(told)


def in_order(
    submit: Callable[[Item], Future[Result]], items: Iterable[Item], ahead: int
) -> Iterator[Result | UnreadableImageError]:
    """Submit items, a bounded number in advance, and yield their results or errors of reading in order.

    Args:
        submit: Starts the work on one item.
        items: Items, consumed as needed.
        ahead: Number of items that are started before the first result is needed.
    """
    waiting, pending = iter(items), deque[Future[Result]]()
    while True:
        pending.extend(submit(item) for item in islice(waiting, ahead - len(pending)))
        if not pending:
            return
        try:
            yield pending.popleft().result()
        except UnreadableImageError as error:
            yield error
