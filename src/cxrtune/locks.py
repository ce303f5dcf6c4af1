"""A lock that one process holds, and that ends with it, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path


def take_lock(path: Path) -> AbstractContextManager[None] | None:
    """Take a lock, which is held until the end of the block that it is used in.

    Nothing is waited for. A file that a killed process left is no lock. On Windows nothing is locked: two
    processes there meet at files in use, or do some work twice.

    Args:
        path: The lock's file, in a folder that exists; it is removed at the end.

    Returns:
        The lock; None: another process, or thread, holds it.

    Raises:
        OSError: The file cannot be made, or the file system has no locks.
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
            with suppress(OSError):  # a file system without locks
                path.unlink()
            raise
        if _is_still(path, file):
            return _held(path, file)
        os.close(file)  # whoever held it has just removed it


def _opened(path: Path) -> int:
    """Make the lock's file, or open it: whoever may write to the folder may ask who works there."""
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            with suppress(FileNotFoundError):  # removed just now: it is made again
                return _opened_again(path)
        else:
            with suppress(OSError):  # a file system without permissions
                os.fchmod(file, 0o600 | path.parent.stat().st_mode & 0o666)
            return file


def _opened_again(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except PermissionError:  # another user's, as a folder that everybody writes to may protect its files
        return os.open(path, os.O_RDONLY)


@contextmanager
def _held(path: Path, file: int) -> Iterator[None]:
    try:
        yield
    finally:
        # Removed while it is held: who has opened this very file sees in `take_lock` that it is gone.
        with suppress(OSError):
            path.unlink()
        os.close(file)


def _is_still(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except OSError:
        return False
