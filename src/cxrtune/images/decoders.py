"""Decoding processes, each driven by a thread: one that dies, hangs or grows costs its own image only.

Not concurrent.futures' pool of processes: it has no time limits, and breaks as a whole with one process.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Generic, TypeVar

from cxrtune.errors import CxrtuneError, DecodingTooSlowError, UnreadableImageError
from cxrtune.images.decoding_process import decode_for
from cxrtune.images.size import MAX_PIXELS

Item = TypeVar("Item")
Result = TypeVar("Result")

_START_SECONDS = 120.0  # for a process to start on a busy machine
_END_SECONDS = 5.0
_MOST_DEATHS = 8  # one after the other, with nothing decoded in between
_AHEAD = 8  # items a process that are asked for before the first of them is wanted


@dataclass(frozen=True)
class DecodingLimits:
    """What one image may cost.

    Attributes:
        seconds: Of reading and decoding it; then its process is ended.
        memory_bytes: By which its process may grow, where the system can limit that (Linux).
    """

    seconds: float = 120.0
    memory_bytes: int = 24 * MAX_PIXELS + (1 << 27)

    @classmethod
    def for_pixels(cls, pixels: int, seconds: float) -> DecodingLimits:
        """Return limits for images of at most so many pixels: 16-bit RGBA is held three times on its way."""
        return cls(seconds, 24 * pixels + (1 << 27))


class Decoders(Generic[Item, Result]):
    """A pool of decoding processes."""

    def __init__(
        self,
        make: Callable[[], Callable[[Item], Result]],
        processes: int,
        *,
        limits: DecodingLimits = DecodingLimits(),
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start decoding processes.

        Args:
            make: Makes what each process does with an item; it is sent there, so it must be importable.
            processes: How many.
            limits: What one image may cost.
            warn: Told of processes that were killed from outside.

        Raises:
            CxrtuneError: The system starts no more processes.
        """
        self._warn = warn
        self._lock = threading.Lock()
        self._deaths_in_a_row = 0
        self.healthy = True
        """Whether the last process that was asked for something could be started."""
        self._processes = [_Process(make, limits) for _ in range(processes)]
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for process in self._processes:
            process.start()
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="decoder")

    @property
    def ended(self) -> int:
        """How many processes have died or were ended for their time."""
        return sum(process.ended for process in self._processes)

    def wait_until_ready(self) -> None:
        """Wait until the processes have started, so that the first image need not; see `healthy`."""
        for process in self._processes:
            try:
                process.wait_until_ready()
            except _NotStartedError:
                self.healthy = False

    def submit(self, item: Item) -> Future[Result]:
        """Decode one item as soon as a process is free.

        The future raises:
            UnreadableImageError: The item gives no result, or its process died, hung or grew too large.
            CxrtuneError: Processes die again and again, or cannot be started.
        """
        return self._threads.submit(self._decode, item)

    def read(
        self, items: Iterable[Item], ahead: int | None = None
    ) -> Iterator[Result | UnreadableImageError]:
        """Decode items in order, some ahead of whoever asks; errors of reading stand in their places.

        Args:
            items: What is decoded.
            ahead: How many are decoded before they are asked for.

        Raises:
            CxrtuneError: Processes die again and again, or cannot be started.
        """
        waiting, pending = iter(items), deque[Future[Result]]()
        most = _AHEAD * len(self._processes) if ahead is None else ahead
        while True:
            pending.extend(self.submit(item) for item in islice(waiting, most - len(pending)))
            if not pending:
                return
            try:
                yield pending.popleft().result()
            except UnreadableImageError as error:
                yield error

    def close(self) -> None:
        """End the processes, in whatever they are."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.close()

    def __enter__(self) -> Decoders[Item, Result]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decode(self, item: Item) -> Result:
        process = self._idle.get()
        try:
            result: Result = self._asked_twice(process, item)
        except _NotStartedError:
            self.healthy = False
            raise
        finally:
            self._idle.put(process)
        self.healthy, self._deaths_in_a_row = True, 0
        return result

    def _asked_twice(self, process: _Process, item: Item) -> Any:
        try:
            return process.ask(item)
        except _KilledError:
            self._note_death("a decoding process was killed; its image is decoded again")
        try:
            return process.ask(item)
        except _KilledError:
            self._note_death(None)
            raise UnreadableImageError("ended the process that decoded it, more than once") from None

    def _note_death(self, told: str | None) -> None:
        with self._lock:
            self._deaths_in_a_row += 1
            deaths = self._deaths_in_a_row
        if deaths >= _MOST_DEATHS:
            raise CxrtuneError(
                f"decoding processes were killed {deaths} times in a row, perhaps for want of memory",
                remedy="Try again with fewer processes: --workers 1. What was done is kept.",
            )
        if told is not None:
            self._warn(told)


def _context() -> Any:
    """Return how processes are started: never by a fork of this one, which may hold torch threads.

    A server that has imported the decoders forks them in milliseconds, so that files which end their process
    cost little more than others. Where there is none (Windows, a system without a place for temporary files),
    each process imports them itself.
    """
    try:
        tempfile.gettempdir()  # for the server's socket
    except FileNotFoundError:
        return multiprocessing.get_context("spawn")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["cxrtune.images.reading", "cxrtune.images.dicom.frame"])
    return context


class _KilledError(Exception):
    """A process was ended from outside, which may be no fault of its image."""


class _NotStartedError(CxrtuneError):
    """A process could not be started."""


class _Process:
    """One process and the end of its line; asked by one thread at a time."""

    def __init__(self, make: Callable[[], Callable[[Any], Any]], limits: DecodingLimits) -> None:
        self._context = _context()
        self._make, self._limits = make, limits
        self._started: tuple[Any, Any] | None = None
        self._ready = self._closed = False
        self._lock = threading.Lock()
        self.ended = 0

    def start(self) -> None:
        """Start, and do not wait until it has.

        Raises:
            _NotStartedError: The system starts no more processes.
        """
        with self._lock:
            if self._started is not None or self._closed:
                return
            here, there = self._context.Pipe()
            process = self._context.Process(
                target=decode_for, args=(there, self._make, self._limits.memory_bytes), daemon=True
            )
            try:
                process.start()
            except OSError as error:
                raise _NotStartedError(
                    f"a decoding process cannot be started: {(error.strerror or 'unknown cause').lower()}",
                    remedy="End other programs, or use fewer processes.",
                ) from error
            there.close()
            self._started, self._ready = (process, here), False

    def ask(self, item: Any) -> Any:
        """Have an item decoded.

        Raises:
            UnreadableImageError: It gives no result, or the process died, hung or grew too large over it.
            _NotStartedError: The process cannot be started.
            _KilledError: The process was ended from outside.
        """
        line = self.wait_until_ready()
        try:
            line.send(item)
            if not line.poll(self._limits.seconds):
                self._end(kill=True)
                raise DecodingTooSlowError(self._limits.seconds)
            result, error = line.recv()
        except (EOFError, OSError) as gone:
            raise self._what_it_died_of() from gone
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """End the process for good."""
        self._closed = True
        self._end(kill=True)

    def wait_until_ready(self) -> Any:
        """Start if need be, wait until it has, and return the end of its line.

        Raises:
            UnreadableImageError: The process was closed for good.
            _NotStartedError: It cannot be started.
        """
        self.start()
        if self._started is None:
            raise UnreadableImageError("was not decoded: the work was stopped")
        _, line = self._started
        if self._ready:
            return line
        try:
            if not line.poll(_START_SECONDS):
                self._end(kill=True)
                raise _NotStartedError(
                    f"a decoding process did not start within {_START_SECONDS:g} s",
                    remedy="Look whether the machine is out of memory or processors.",
                )
            line.recv()
        except (EOFError, OSError) as gone:
            raise self._what_it_died_of() from gone
        self._ready = True
        return line

    def _what_it_died_of(self) -> Exception:
        code = self._end(kill=False)
        if self._closed:
            return UnreadableImageError("was not decoded: the work was stopped")
        if not self._ready:
            return _NotStartedError(
                "a decoding process ended while it started",
                remedy="A script needs `if __name__ == '__main__':` around work that starts processes.",
            )
        if code in (-signal.SIGTERM, -getattr(signal, "SIGKILL", signal.SIGTERM), None):
            return _KilledError()
        return UnreadableImageError(f"ended the process that decoded it ({_named(code)})")

    def _end(self, *, kill: bool) -> int | None:
        """End the process, whatever it does, and return its exit code; None if it cannot even be killed."""
        with self._lock:
            if self._started is None:
                return None
            process, line = self._started
            self._started = None
            self.ended += not self._closed
            if not kill:  # it has closed its end, so it is ending by itself
                process.join(_END_SECONDS)
            if process.exitcode is None:
                process.kill()
                process.join(_END_SECONDS)
            line.close()
            return int(process.exitcode) if process.exitcode is not None else None


def _named(code: int) -> str:
    try:
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except ValueError:
        return f"signal {-code}"
