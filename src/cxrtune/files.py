"""Atomic writing of files: either complete under their final name or not there at all."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from cxrtune.errors import OutputError

PARTIAL_SUFFIX = ".partial"
Naming = Callable[[Path], AbstractContextManager[None]]
"""Converts errors while writing a path: see `naming_output_errors`."""

_BLOCK = 1 << 20
_NO_PLACE = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.ENOTEMPTY,
        errno.ENAMETOOLONG,
    }
)


@contextmanager
def naming_output_errors(
    path: Path, left: str = "nothing half-written was left", setting: str = "out"
) -> Iterator[None]:
    """Convert the operating system's write errors to an `OutputError` that names `path`.

    Args:
        path: The file or folder being written.
        left: Phrase on what remains of the work if the disk is full.
        setting: The setting that determines the place.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(_existing_parent(path)).free
            raise OutputError(
                f"cannot be written: the disk is full ({free / 1e9:.1f} GB free)",
                path=path,
                remedy=f"Free some space, or choose another place with `{setting}`; {left}.",
            ) from error
        if error.errno == errno.EFBIG:
            raise OutputError(
                "cannot be written: it is larger than a file may be here",
                path=path,
                remedy="Raise the limit (ulimit -f), or choose a disk that takes large files with"
                f" `{setting}`.",
            ) from error
        if error.errno in _NO_PLACE:
            raise OutputError(
                f"cannot be written: {os.strerror(error.errno).lower()}",
                path=path,
                remedy=f"Choose a place that you may write to with `{setting}`.",
            ) from error
        raise


@contextmanager
def write_whole(path: Path, naming: Naming = naming_output_errors) -> Iterator[Path]:
    """Yield a temporary path next to `path`; on success, it is synced and renamed to `path`.

    On any error, the temporary file is removed and `path` remains unchanged. Temporary files of killed
    processes are removed by the next one that writes `path`. `naming` converts the errors.

    Raises:
        OutputError: The disk is full or the folder cannot be written.
    """
    # The suffix stays last: writers such as matplotlib's derive the format from it.
    partial = path.with_name(f".{path.stem}{PARTIAL_SUFFIX}-{os.getpid()}{path.suffix}")
    try:
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_orphans(path)
            yield partial
            _sync(partial)
            partial.replace(path)
            _sync(path.parent)
    finally:
        # If the folder itself is the problem, there is nothing to remove, and no better error to raise.
        with suppress(OSError):
            partial.unlink()


def write_text(path: Path, text: str, naming: Naming = naming_output_errors) -> None:
    """Write `text` as UTF-8 to `path`, completely or not at all.

    Raises:
        OutputError: The disk is full or the folder cannot be written.
    """
    with write_whole(path, naming) as partial:
        partial.write_text(text, encoding="utf-8")


def sync_file(stream: IO[Any]) -> None:
    """Flush a stream and wait until its data is safely on disk."""
    stream.flush()
    os.fsync(stream.fileno())


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _remove_orphans(path: Path) -> None:
    """Remove temporary files for `path` whose processes have ended: that of a pack takes gigabytes."""
    prefix = f".{path.stem}{PARTIAL_SUFFIX}-"
    for left in path.parent.glob(f"{glob.escape(prefix)}*{glob.escape(path.suffix)}"):
        process = left.name.removeprefix(prefix).removesuffix(path.suffix)
        if process.isdecimal() and not _is_running(int(process)):
            left.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if os.name != "posix":  # elsewhere, signal 0 terminates the process instead of testing for it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _existing_parent(path: Path) -> Path:
    return next(folder for folder in path.absolute().parents if folder.exists())
