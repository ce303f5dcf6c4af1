"""One decoding process, controlled by its owner: started on demand, ended when it dies, hangs or grows."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from types import ModuleType
from typing import Any

from cxrtune.errors import CxrtuneError, DecodingTooSlowError, UnreadableImageError
from cxrtune.images.decoding_worker import decode_for
from cxrtune.images.radiograph import MAX_PIXELS

_START_SECONDS = 120.0  # time limit for a process to start, enough on a busy machine
_END_SECONDS = 5.0
_CHILDREN = threading.Lock()
"""Held while multiprocessing checks its child processes: starting one polls the exit status of all
others, and if two threads poll the same one, only the first receives it."""
_NOT_KNOWN = 255  # exit code of multiprocessing if the fork server has died, too


@dataclass(frozen=True)
class DecodingLimits:
    """Limits for decoding one image.

    Attributes:
        seconds: Time limit for reading and decoding; beyond it, the process is ended.
        memory_bytes: How much the process may grow, if the system can limit that (Linux).
    """

    seconds: float = 120.0
    memory_bytes: int = 24 * MAX_PIXELS + (1 << 27)

    @classmethod
    def for_pixels(cls, pixels: int, seconds: float) -> DecodingLimits:
        """Return limits for images of at most `pixels` pixels; allows for three copies in 16-bit RGBA."""
        return cls(seconds, 24 * pixels + (1 << 27))


class KilledError(Exception):
    """A process was ended from outside, possibly not because of its image."""


class NotStartedError(CxrtuneError):
    """A process could not be started."""


class DecodingProcess:
    """One process and its connection; to be used by one thread at a time."""

    def __init__(self, make: Callable[[], Callable[[Any], Any]], limits: DecodingLimits) -> None:
        self._context = _context()
        self._make, self._limits = make, limits
        self._started: tuple[Any, Any] | None = None
        self._ready = self._closed = False
        self._lock = threading.Lock()
        self.ended = 0

    def start(self) -> None:
        """Start the process, without waiting until it is ready.

        Raises:
            NotStartedError: The system cannot start another process.
        """
        with self._lock:
            if self._started is not None or self._closed:
                return
            here, there = self._context.Pipe()
            process = self._context.Process(
                target=decode_for, args=(there, self._make, self._limits.memory_bytes), daemon=True
            )
            try:
                with _CHILDREN, _without_main():
                    process.start()
            except OSError as error:
                raise NotStartedError(
                    f"a decoding process cannot be started: {(error.strerror or 'unknown cause').lower()}",
                    remedy="End other programs, or use fewer processes.",
                ) from error
            there.close()
            self._started, self._ready = (process, here), False

    def ask(self, item: Any) -> Any:
        """Decode an item in the process.

        Raises:
            UnreadableImageError: The item cannot be decoded, or the process died, hung or grew too large.
            NotStartedError: The process cannot be started.
            KilledError: The process was ended from outside.
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
        """End the process permanently."""
        self._closed = True
        self._end(kill=True)

    def wait_until_ready(self) -> Any:
        """Start the process if necessary, wait until it is ready, and return its connection.

        Raises:
            UnreadableImageError: The process has been closed.
            NotStartedError: The process cannot be started.
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
                raise NotStartedError(
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
            return NotStartedError(
                "a decoding process ended while it started",
                remedy="A script needs `if __name__ == '__main__':` around work that starts processes.",
            )
        if code in (-signal.SIGTERM, -getattr(signal, "SIGKILL", signal.SIGTERM), _NOT_KNOWN, None):
            return KilledError()
        return UnreadableImageError(f"ended the process that decoded it ({_named(code)})")

    def _end(self, *, kill: bool) -> int | None:
        """End the process unconditionally, and return its exit code; None if it cannot even be killed."""
        with self._lock:
            if self._started is None:
                return None
            process, line = self._started
            self._started = None
            self.ended += not self._closed
            # If it is not to be killed, it has closed its end and is exiting by itself.
            code = None if kill else _exit_code(process)
            if code is None:
                with _CHILDREN:
                    process.kill()
                code = _exit_code(process)
            line.close()
            return code


def _context() -> Any:
    """Return the start method of processes: never a fork of this process, which may have torch threads.

    A fork server that has imported the decoders forks processes in milliseconds, so that files which end
    their process cost little more than others. If it is not available (Windows, or a system without a folder
    for temporary files), each process imports the decoders itself.
    """
    try:
        tempfile.gettempdir()  # for the socket of the fork server
    except FileNotFoundError:
        return multiprocessing.get_context("spawn")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["cxrtune.images.reading", "cxrtune.images.dicom.frame"])
    return context


@contextmanager
def _without_main() -> Iterator[None]:
    """Prevent a new process from importing the main module of this one.

    multiprocessing imports it for functions that are defined there. Ours never are, and a script without
    `if __name__ == "__main__"` would run again in every process.
    """
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


def _exit_code(process: Any) -> int | None:
    """Wait for the process to end and return its exit code; None if it does not end."""
    wait([process.sentinel], _END_SECONDS)
    with _CHILDREN:
        code: int | None = process.exitcode
        return code


def _named(code: int) -> str:
    try:
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except ValueError:
        return f"signal {-code}"
