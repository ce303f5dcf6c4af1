"""The code of a decoding process, and the limits that it sets for itself.

Decoders are written in C and C++; a damaged or hostile file may crash the process that decodes it, block it,
or exhaust its memory. Untrusted files are therefore decoded here, and the calling process survives.
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

_LONGEST_NOTE = 200  # characters of a library's message


class _StandardError:
    """What libraries write to standard error, held in memory after a call of `capture`."""

    def __init__(self) -> None:
        self._end: int | None = None

    def capture(self) -> None:
        """Hold back what this process writes from now on; what does not fit into a pipe is lost."""
        self._end, writing = os.pipe()
        for end in (self._end, writing):
            os.set_blocking(end, False)
        os.dup2(writing, 2)
        os.close(writing)

    def first_line(self) -> str:
        """Return the first line since the last call; empty if there is none or nothing is captured."""
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
    """Decode items until the connection is closed: the main function of a decoding process.

    Args:
        connection: Receives items, and sends pairs of a result and an error.
        make: Returns the function that is applied to each item; called once, before memory is limited.
        memory_bytes: How much the process may grow beyond its size after the start.
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

    Outside a decoding process nothing is captured, and the tuple is empty.
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
    """End with the parent, ignore Ctrl-C, use one thread, and keep libraries from writing to the terminal."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _STANDARD_ERROR.capture()
    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    """End this process when its parent is killed; otherwise it would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit(memory_bytes: int) -> None:
    if sys.platform == "win32":  # no such limits exist there; see docs/security.md
        return
    import resource

    # A core file would contain a patient's image.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.is_file():
        used = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory_bytes, used + memory_bytes))
