"""Handling of Ctrl-C and `kill` in commands and services."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
Handler = Callable[[int, FrameType | None], object]


class Stopped(BaseException):
    """The command was asked to end, by the user or by a scheduler.

    Not a `KeyboardInterrupt`, since some libraries catch that and exit in their own way.

    Attributes:
        signal: Number of the signal.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal = signal_number


def raising_stopped() -> AbstractContextManager[None]:
    """Raise `Stopped` on SIGINT and SIGTERM: a command ends as after an error, without incomplete files."""
    return stop_signals_to(_stop)


def setting_on_stop(event: threading.Event) -> AbstractContextManager[None]:
    """Set an event on SIGINT and SIGTERM: a service finishes its current work, and exits without failure."""
    return stop_signals_to(lambda *_: event.set())


@contextmanager
def stop_signals_to(handler: Handler) -> Iterator[None]:
    """Pass SIGINT and SIGTERM to a handler within the block, and restore the previous handlers afterwards.

    In threads other than the main one, the block changes nothing: only the main thread may set signal
    handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)
