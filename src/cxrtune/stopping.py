"""Ctrl-C and `kill`: what a command, or a service, does when it shall end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
Handler = Callable[[int, FrameType | None], object]


class Stopped(BaseException):
    """The user, or the system's scheduler, wants the command to end.

    No `KeyboardInterrupt`: the libraries below catch that one and exit in their own ways.

    Attributes:
        signal: The signal's number.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal = signal_number


def raising_stopped() -> AbstractContextManager[None]:
    """Raise `Stopped` on SIGINT and SIGTERM: a command ends as by an error, nothing half-written is left."""
    return stop_signals_to(_stop)


def setting_on_stop(event: threading.Event) -> AbstractContextManager[None]:
    """Set an event on SIGINT and SIGTERM: a service ends what it has in hand, and that is no failure."""
    return stop_signals_to(lambda *_: event.set())


@contextmanager
def stop_signals_to(handler: Handler) -> Iterator[None]:
    """Hand SIGINT and SIGTERM to a handler within the block; afterwards they mean what they meant before.

    In another thread than the main one the block changes nothing: only the main thread may say what a signal
    means.
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
