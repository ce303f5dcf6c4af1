"""Paths given by callers, checked before any work."""

from __future__ import annotations

from pathlib import Path

from cxrtune.errors import DataError, UsageError


def path_of(value: object, setting: str) -> Path:
    """Return a path that was given as a text or a Path.

    Args:
        value: The given value.
        setting: Name of the argument.

    Raises:
        UsageError: The value has another type.
    """
    if not isinstance(value, str | Path):
        raise UsageError(
            f"`{setting}` is an object of type {type(value).__name__}",
            remedy="Give the path as a text or a Path.",
        )
    return Path(value)


def folder_of(value: object, setting: str) -> Path:
    """Return the absolute path of an existing folder: records are also read from other working folders.

    Raises:
        UsageError: The value has another type.
        DataError: There is no such folder.
    """
    path = path_of(value, setting).absolute()
    if not path.is_dir():
        raise DataError("there is no such folder", path=path)
    return path
