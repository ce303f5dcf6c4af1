"""Unpack an archive of images to a folder, completely or not at all.

No path in an archive is trusted: only the last component of each member's name is used, and only if
it is a plain image name in the one folder where images are expected.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tarfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cxrtune.download.catalogue import Unpack
from cxrtune.download.place import Cancelled, DownloadError, Unpacked, writing_to
from cxrtune.errors import DataError

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(png|jpe?g)", re.IGNORECASE)
_LARGEST_IMAGE = 256_000_000  # bytes; NIH's images have less than a million
_BLOCK = 1 << 20


class DamagedError(DownloadError):
    """An archive is truncated, or its content differs from what was packed."""


def hidden_folder(folder: Path) -> Path:
    """Return the temporary folder in which a folder is created."""
    return folder.with_name(f".{folder.name}.unpacking")


def unpack_archive(archive: Path, into: Path, unpack: Unpack, stop: threading.Event) -> Unpacked:
    """Unpack the images of an archive to `into / unpack.inside`.

    Images are written to a hidden folder next to `into`, which is renamed at the end: a partly unpacked
    archive never has the final name.

    Args:
        archive: A .tar.gz file.
        into: The final folder. Existing contents are replaced only if the archive has all of them.
        unpack: Expected contents of the archive.
        stop: Set when the user wants to stop.

    Returns:
        What was unpacked.

    Raises:
        DamagedError: The archive is truncated or damaged.
        DownloadError: The archive has unexpected contents.
        DataError: `into` contains something that the archive does not.
        OutputError: The disk is full or the folder cannot be written.
        Cancelled: The user wants to stop.
    """
    hidden = hidden_folder(into)
    try:
        with writing_to(into):
            shutil.rmtree(hidden, ignore_errors=True)
            (hidden / unpack.inside).mkdir(parents=True)
        images, total = _unpack_all(archive, hidden / unpack.inside, unpack, stop)
        _require_only(into, hidden)
        with writing_to(into):
            if hasattr(os, "sync"):
                os.sync()  # the archive is removed after this
            if into.exists():
                shutil.rmtree(into)
            hidden.replace(into)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return Unpacked(folder=into.name, images=images, bytes=total)


def _unpack_all(archive: Path, place: Path, unpack: Unpack, stop: threading.Event) -> tuple[int, int]:
    images = total = 0
    with _naming_damage(archive), gzip.open(archive) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as members:
            for member in members:
                if stop.is_set():
                    raise Cancelled
                name = _image_name(member, archive, unpack)
                if name is None:
                    continue
                content = members.extractfile(member)
                assert content is not None  # it is a regular file
                _write(content, place / name, archive)
                images, total = images + 1, total + member.size
        while stream.read(_BLOCK):  # to the end, where the checksum is
            pass
    if not images:
        raise DownloadError(f"holds no images in {unpack.inside}/", path=archive, remedy=_not_ours(archive))
    return images, total


def _image_name(member: tarfile.TarInfo, archive: Path, unpack: Unpack) -> str | None:
    """Return the name of a member that is an image; None for the folder itself."""
    parts = [part for part in member.name.split("/") if part != "."]
    if member.isdir() and parts in ([], [unpack.inside]):
        return None
    is_image = len(parts) == 2 and parts[0] == unpack.inside and _IMAGE.fullmatch(parts[1])
    if not (is_image and member.isreg() and member.size <= _LARGEST_IMAGE):
        kind = "a file" if member.isreg() else "a folder" if member.isdir() else "a link or a device"
        raise DownloadError(
            f"holds {member.name!r}, {kind} of {member.size:,} bytes, where only images in {unpack.inside}/ "
            "are expected; nothing of it was unpacked",
            path=archive,
            remedy=_not_ours(archive),
        )
    return parts[1]


def _write(content: IO[bytes], path: Path, archive: Path) -> None:
    if path.exists():
        raise DownloadError(f"holds {path.name} twice", path=archive, remedy=_not_ours(archive))
    with writing_to(path.parent.parent), path.open("xb") as target:
        shutil.copyfileobj(content, target, _BLOCK)


def _require_only(into: Path, fresh: Path) -> None:
    """Check that the existing folder may be replaced: the archive must have all of its files."""
    if not into.is_symlink() and not into.exists():
        return
    if into.is_symlink() or not into.is_dir():
        raise DataError("is no folder", path=into, remedy="Move it away, and start again.")
    there = _files(into)
    others = sorted(there - _files(fresh))
    if others:
        raise DataError(
            f"holds {len(others):,} files that are not in the archive, {others[0]} for one",
            path=into,
            remedy="Move the folder away, and start again; nothing of it was touched.",
        )


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _not_ours(archive: Path) -> str:
    return f"It is not what is expected here. Move {archive.name} away to have it fetched again."


@contextmanager
def _naming_damage(archive: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, tarfile.TarError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedError(
            "is cut short or damaged; nothing of it was unpacked",
            path=archive,
            remedy="Move it away; the same command fetches it again.",
        ) from error
