"""Collect the warnings of a library while it reads a file."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()


@contextmanager
def held_warnings(*modules: str) -> Iterator[list[str]]:
    """Collect the warnings of libraries within the block instead of showing them.

    Python has one list of warning filters per process, so only one block runs at a time: use it for reading
    headers, but not for decoding, which is slow. Warnings of other threads are shown when the block ends.

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
