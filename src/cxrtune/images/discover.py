"""Selection of image files: one rule for all commands that take a folder.

Hidden files, such as the `._` files that macOS writes, are ignored, and hidden folders are not searched. For
all other files, the suffix is used, and the content decides if the suffix is not informative.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from cxrtune.errors import DataError
from cxrtune.images.formats import HEAD, OTHER_SUFFIXES, SUFFIXES, kind_of

PARTIAL_SUFFIXES = frozenset({".part", ".partial", ".crdownload", ".download", ".tmp", ".aria2", ".filepart"})
"""Suffixes of incomplete downloads and copies."""

_INDEX = "dicomdir"  # PS3.10, 8.6: the index of a disc of DICOM files contains no image
_NEVER = frozenset(
    {
        *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".xml", ".html", ".htm", ".md", ".log", ".yaml", ".yml"),
        *(".py", ".ipynb", ".db", ".sqlite", ".doc", ".docx", ".xls", ".xlsx", ".pdf", ".bin"),
        *(".zip", ".gz", ".tar", ".tgz", ".bz2", ".xz", ".7z", ".rar"),
        *(".parquet", ".safetensors", ".npy", ".npz", ".pth", ".pt", ".onnx"),
    }
)
"""Suffixes of files that are not opened to check whether they are images: folders may hold many of them."""
_PREAMBLE = 128  # bytes before `DICM` (PS3.10, 7.1)


class Role(Enum):
    """Role of a folder's entry in the search for images."""

    IMAGE = "an image"
    OTHER = "no image: another file, a hidden one, or a link to nowhere"
    LINKED = "a link to a folder, which is not searched: it may lead round in a circle"
    CLOSED = "the folder itself, which cannot be opened, or not read to its end"


class FolderEntry(NamedTuple):
    """One entry of a folder.

    Attributes:
        folder: The folder, as a path that begins with the searched folder.
        role: Role of the entry.
        file: The entry; None if the folder cannot be opened.
        error: Why the folder cannot be opened; otherwise None.
    """

    folder: str
    role: Role
    file: os.DirEntry[str] | None
    error: OSError | None = None

    @property
    def cause(self) -> str:
        """The system's message on why the folder cannot be opened."""
        cause = self.error.strerror if self.error is not None else None
        return (cause or "unknown cause").lower()

    @property
    def why_closed(self) -> str:
        """Message on why the folder has not been searched."""
        return f"the folder cannot be opened: {self.cause}"


def search(folder: Path, *, deep: bool = True) -> Iterator[FolderEntry]:
    """Search a folder, by default with all folders inside it.

    Folders are yielded in the order of their names, each before those inside it; the entries of one folder
    are yielded together, in the order of the file system. Nothing is kept in memory, so that a folder may
    contain millions of files.

    Args:
        folder: The folder to start from, which is searched even if it is hidden or a link.
        deep: Whether to search folders inside it.
    """
    left = [str(folder)]
    while left:
        place = left.pop()
        below: list[str] = []
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if not _is_folder(entry):
                        found = exists(entry) and is_image(entry.name, entry.path)
                        yield FolderEntry(place, Role.IMAGE if found else Role.OTHER, entry)
                    elif entry.is_symlink():
                        yield FolderEntry(place, Role.LINKED, entry)
                    elif not entry.name.startswith("."):
                        below.append(str(Path(entry.path)))
        except OSError as error:
            yield FolderEntry(place, Role.CLOSED, None, error)
        if deep:
            left += sorted(below, reverse=True)


def entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """Return all entries of a folder, sorted by name; an empty list if the folder cannot be opened."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def is_image(name: str, path: Path | str) -> bool:
    """Return whether a file in a folder is treated as an image, by its name or else by its content.

    Hidden files, such as the `._` files that macOS writes, are not. Files with the suffix of an image are,
    including unsupported kinds, which are reported when they are read. For other files, the content decides.

    Args:
        name: The file's name.
        path: Its path; must be a file, not a folder.
    """
    if name.startswith(".") or name.lower() == _INDEX:
        return False
    stem, dot, end = name.rpartition(".")
    suffix = f".{end.lower()}" if stem and dot else ""
    if suffix in SUFFIXES or suffix in OTHER_SUFFIXES:
        return True
    if suffix in _NEVER or suffix in PARTIAL_SUFFIXES:
        return False
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 a Path each would cost more than all else
            head = stream.read(HEAD)
    except OSError:
        return False
    # Archives name files by number or by UID, whose last part looks like a suffix: DICOM without a preamble
    # is recognised in such files only, not in arbitrary files of other programs.
    if not suffix or end.isdecimal() or head[_PREAMBLE:] == b"DICM":
        return kind_of(head) is not None
    return kind_of(head) not in (None, "DICOM")


def exists(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a file, or a link to an existing file."""
    try:
        return entry.is_file()
    except OSError:  # a link to itself, or to a folder without permission
        return False


def expanded(given: Path) -> list[Path]:
    """Return the files and folders that match a path or a pattern.

    Raises:
        DataError: The path does not exist, or the pattern matches nothing.
    """
    if given.exists() or given.is_symlink():
        return [given]
    if glob.has_magic(str(given)):
        # Path.glob does not accept absolute patterns.
        fitting = sorted(Path(name) for name in glob.glob(str(given), recursive=True))  # noqa: PTH207
        if fitting:
            return fitting
        raise DataError("no file fits this pattern", path=given)
    raise DataError("there is no such file or folder", path=given)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
