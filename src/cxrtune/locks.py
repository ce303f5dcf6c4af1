"""Locks that are held by one process, and are released when it ends, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path


def take_lock(path: Path) -> AbstractContextManager[None] | None:
    """Acquire a lock, which is held until the end of the `with` block.

    Does not wait. A file left behind by a killed process is not a lock. On Windows nothing is locked: two
    processes then fail because files are in use, or do some of the work twice.

    Args:
        path: The lock file, in an existing folder; it is removed at the end.

    Returns:
        The lock; None if another process or thread holds it.

    Raises:
        OSError: The file cannot be created, or the file system does not support locks.
    """
    try:
        import fcntl
    except ImportError:
        return nullcontext()
    while True:
        file = _opened(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        except OSError:
            os.close(file)
            with suppress(OSError):  # a file system that does not support locks
                path.unlink()
            raise
        if _is_still(path, file):
            return _held(path, file)
        os.close(file)  # its holder has just removed it


def _opened(path: Path) -> int:
    """Create or open the lock file; all users who may write to the folder may open it."""
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            with suppress(FileNotFoundError):  # just removed: it is created again
                return _opened_again(path)
        else:
            with suppress(OSError):  # a file system without permissions
                os.fchmod(file, 0o600 | path.parent.stat().st_mode & 0o666)
            return file


def _opened_again(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except PermissionError:  # another user's file in a shared folder that protects its files
        return os.open(path, os.O_RDONLY)


@contextmanager
def _held(path: Path, file: int) -> Iterator[None]:
    try:
        yield
    finally:
        # Removed while it is held: a process that has opened it detects the removal in `take_lock`.
        with suppress(OSError):
            path.unlink()
        os.close(file)


def _is_still(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except OSError:
        return False
