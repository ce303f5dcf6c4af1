"""Ctrl-C and `kill` end a command like an error does, so that nothing half-written is left."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """The user, or the system's scheduler, wants the command to end.

    No `KeyboardInterrupt`: the libraries below catch that one and exit in their own ways.

    Attributes:
        signal: The signal's number.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal = signal_number


@contextmanager
def raising_stopped() -> Iterator[None]:
    """Raise `Stopped` on SIGINT and SIGTERM; afterwards both mean what they meant before."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal means
        return
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)
