"""Warnings of a library, held back while it reads a file."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()


@contextmanager
def held_warnings(*modules: str) -> Iterator[list[str]]:
    """Hold back what the libraries warn of within the block.

    Python keeps one list of filters a process, so one block runs at a time: put in it what reads headers, and
    leave decoding, which is long, outside. What other threads warn of meanwhile is said when the block ends.

    Args:
        modules: Names of the libraries.

    Yields:
        The texts of their warnings, complete when the block has ended.
    """
    held: list[str] = []
    others: list[warnings.WarningMessage] = []
    try:
        with _LOCK, warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            try:
                yield held
            finally:
                for note in noted:
                    if any(f"/{name}/" in note.filename.replace("\\", "/") for name in modules):
                        held.append(str(note.message))
                    else:
                        others.append(note)
    finally:
        for note in others:
            warnings.warn_explicit(note.message, note.category, note.filename, note.lineno)
