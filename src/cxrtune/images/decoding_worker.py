"""A process that decodes for another one: what it does, and the limits that it sets itself.

Decoders are C and C++; a damaged or hostile file may end the process that decodes it, hold it, or make it
grow. So files of strangers are decoded here, and whoever asked survives.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2

from cxrtune.errors import UnreadableImageError

_LONGEST_NOTE = 200  # characters of what a library says


class _StandardError:
    """What libraries write to standard error, kept back in memory once `capture` was called."""

    def __init__(self) -> None:
        self._end: int | None = None

    def capture(self) -> None:
        """Keep back what this process writes from now on; what does not fit into a pipe is lost."""
        self._end, writing = os.pipe()
        for end in (self._end, writing):
            os.set_blocking(end, False)
        os.dup2(writing, 2)
        os.close(writing)

    def first_line(self) -> str:
        """Return the first line since the last call; empty where there is none or nothing is kept back."""
        if self._end is None:
            return ""
        written = b""
        with suppress(BlockingIOError):
            while piece := os.read(self._end, 1 << 16):
                written = written or piece
        lines = written[: 4 * _LONGEST_NOTE].decode("utf-8", "replace").strip().splitlines()
        return "".join(letter for letter in lines[0] if letter.isprintable())[:_LONGEST_NOTE] if lines else ""


_STANDARD_ERROR = _StandardError()


def decode_for(connection: Connection, make: Callable[[], Callable[[Any], Any]], memory_bytes: int) -> None:
    """Answer until the other end is closed: what a decoding process runs.

    Args:
        connection: Items come, and pairs of a result and an error go.
        make: Makes what is done with each item; called once, before memory is limited.
        memory_bytes: How much the process may grow beyond what it is when it has started.
    """
    _become_quiet()
    handle = make()
    _limit(memory_bytes)
    connection.send(None)  # ready
    while True:
        try:
            item = connection.recv()
        except (EOFError, OSError):
            return
        library_notes()
        connection.send(_answer(handle, item, memory_bytes))
        del item


def library_notes() -> tuple[str, ...]:
    """Return what libraries have written to standard error since the last call, first line only.

    Outside a decoding process nothing is kept back, and nothing is returned.
    """
    line = _STANDARD_ERROR.first_line()
    return (line,) if line else ()


def _answer(handle: Callable[[Any], Any], item: Any, memory_bytes: int) -> tuple[Any, Exception | None]:
    try:
        return handle(item), None
    except UnreadableImageError as error:
        return None, UnreadableImageError(error.reason)
    except Exception as error:
        if isinstance(error, MemoryError) or (
            isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem
        ):
            limit = f"{memory_bytes / 1e9:.1f} GB"
            return None, UnreadableImageError(f"needs more than {limit} of memory to decode")
        return None, error


def _become_quiet() -> None:
    """End with the parent, leave Ctrl-C to it, keep to one thread, and keep libraries from the terminal."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _STANDARD_ERROR.capture()
    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    """Otherwise a process outlives a parent that was killed, and waits for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit(memory_bytes: int) -> None:
    if sys.platform == "win32":  # it has no such limits; docs/security.md says so
        return
    import resource

    # A core file would hold a patient's image.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.is_file():
        used = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory_bytes, used + memory_bytes))
