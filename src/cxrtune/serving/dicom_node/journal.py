"""What the node writes down: a row's number and what became of it; never a name, an identifier or a UID."""

from __future__ import annotations

import logging
import traceback
import warnings
from typing import TextIO

LOGGER = logging.getLogger("cxrtune.serving.dicom_node")
_LIBRARIES = ("pynetdicom", "pydicom", "highdicom", "dicomweb_client", "urllib3")


def log_to(stream: TextIO, *, quiet: bool) -> None:
    """Write the journal to a stream, and nothing else: what libraries log may hold values of a data set.

    Args:
        stream: Standard error, for one.
        quiet: Errors only.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.ERROR if quiet else logging.INFO)
    LOGGER.propagate = False
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.addHandler(logging.NullHandler())
        library.propagate = False
    # Without any handler Python writes warnings of all loggers to standard error.
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.showwarning = _keep_to_yourself


def _keep_to_yourself(*_: object, **__: object) -> None:
    return


def where(error: BaseException) -> str:
    """Say what kind of error happened where, without its message: that may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places}"
