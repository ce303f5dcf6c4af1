"""Logging of services: only their own messages, nothing that could contain values from a user's files."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Sequence
from typing import TextIO


def log_to(stream: TextIO, logger: logging.Logger, *, quiet: bool, silenced: Sequence[str] = ()) -> None:
    """Write only the messages of a service to a stream: those of libraries may contain values from files.

    Args:
        stream: The stream, such as standard error.
        logger: The logger of the service.
        quiet: Whether to log errors only.
        silenced: Loggers of libraries that have their own handlers.
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
    # Without any handler, Python writes the warnings of all loggers to standard error.
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.showwarning = _keep_to_yourself


def where(error: BaseException) -> str:
    """Return type and place of an error, without its message, which may contain anything."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places}"


def _keep_to_yourself(*_: object, **__: object) -> None:
    return
