"""How a service logs: its own lines, and nothing that could hold a value of somebody's file."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Sequence
from typing import TextIO


def log_to(stream: TextIO, logger: logging.Logger, *, quiet: bool, silenced: Sequence[str] = ()) -> None:
    """Write a service's lines to a stream, and nothing else: what libraries log may hold values of a file.

    Args:
        stream: Standard error, for one.
        logger: The service's own.
        quiet: Errors only.
        silenced: Loggers of libraries that have handlers of their own.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.ERROR if quiet else logging.INFO)
    logger.propagate = False
    for name in silenced:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.addHandler(logging.NullHandler())
        library.propagate = False
    # Without any handler Python writes warnings of all loggers to standard error.
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.showwarning = _keep_to_yourself


def where(error: BaseException) -> str:
    """Say what kind of error happened where, without its message: that may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places}"


def _keep_to_yourself(*_: object, **__: object) -> None:
    return
