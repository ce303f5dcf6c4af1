"""The data folder as a place to write to, its lock and its free space; and the errors of a download."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from cxrtune.errors import CxrtuneError, OutputError, UsageError
from cxrtune.files import naming_output_errors
from cxrtune.locks import take_lock

LOCK = ".download.lock"
_KEPT = "what was fetched is kept, and the same command goes on"


class DownloadError(CxrtuneError):
    """A file could not be fetched, or is not what its publisher says.

    Attributes:
        reason: Why, without names of files, so that what failed alike can be told together; or None.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        remedy: str | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.reason = reason


class Cancelled(Exception):  # noqa: N818  the user's wish, no failure
    """The download was stopped; what is there is kept."""


def writing_to(path: Path) -> AbstractContextManager[None]:
    """Turn errors of writing into an `OutputError` that speaks of the data folder and of going on."""
    return naming_output_errors(path, left=_KEPT, setting="folder")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder, and hold it for one download alone.

    Raises:
        UsageError: Another download works on it.
        OutputError: It cannot be made or written.
    """
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = take_lock(folder / LOCK)
    if lock is None:
        raise UsageError(
            "another download works on this folder", path=folder, remedy="Let it end, or stop it first."
        )
    with lock:
        yield


def require_space(folder: Path, wanted: int, what: str) -> None:
    """Check that a disk has room.

    Args:
        folder: A folder on it.
        wanted: Bytes.
        what: For what, in words.

    Raises:
        OutputError: It has not.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise OutputError(
            f"{what} needs {in_words(wanted)}, and the disk has {in_words(free)} free",
            path=folder,
            remedy=f"Free some space, or choose another place with `folder`; {_KEPT}.",
        )


def in_words(count: int) -> str:
    """Return a number of bytes as people say it."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
