"""What a user names on the command line -> image files, each with a name of its own."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxrtune.errors import DataError
from cxrtune.images.dicom import is_dicom

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".dcm", ".dicom", ".dic"})
_HEAD = 132  # bytes, in which a DICOM file says what it is
_INDEX = "DICOMDIR"  # PS3.10, 8.6: the index of a disc of DICOM files holds no image


@dataclass(frozen=True)
class ImageFile:
    """One file to be read.

    Attributes:
        name: What tables call it: the file's name, or, where two share that, its path.
        path: Where it is.
        problem: Why it cannot even be tried, such as a folder that cannot be opened; or None.
    """

    name: str
    path: Path
    problem: str | None = None


def find_images(inputs: Sequence[Path]) -> list[ImageFile]:
    """Resolve files, folders and patterns into image files, in order, each once.

    A folder is searched through to the bottom: for the names of PNG, JPEG and DICOM files, and for files that
    have no suffix, or a number for one, and are DICOM. A file that is named itself is taken whatever it is
    called. A folder that cannot be opened is an entry with its reason.

    Args:
        inputs: Paths, or patterns such as `study/**/*.dcm`.

    Raises:
        DataError: A path does not exist, a pattern fits nothing, or there is no image at all.
    """
    found: dict[Path, str | None] = {}
    for given in inputs:
        for path in expanded(given):
            if path.is_dir():
                found |= _searched(path)
            else:
                found[path] = None
    if not found:
        raise no_images(inputs)
    often = Counter(path.name for path in found)
    return [
        ImageFile(path.name if often[path.name] == 1 else path.as_posix(), path, problem)
        for path, problem in found.items()
    ]


def expanded(given: Path) -> list[Path]:
    """Return the files and folders that a user means by a path or a pattern.

    Raises:
        DataError: The path does not exist, or the pattern fits nothing.
    """
    if given.exists() or given.is_symlink():
        return [given]
    if glob.has_magic(str(given)):
        # Path.glob takes no absolute pattern.
        fitting = sorted(Path(name) for name in glob.glob(str(given), recursive=True))  # noqa: PTH207
        if fitting:
            return fitting
        raise DataError("no file fits this pattern", path=given)
    raise DataError("there is no such file or folder", path=given)


def no_images(inputs: Sequence[Path]) -> DataError:
    """Say that nothing was found."""
    return DataError("holds no images (PNG, JPEG or DICOM)", path=inputs[0])


def closed_folder(error: OSError) -> str:
    """Say why a folder has not been searched."""
    return f"the folder cannot be opened: {(error.strerror or 'unknown cause').lower()}"


def _searched(folder: Path) -> dict[Path, str | None]:
    found: dict[Path, str | None] = {}

    def closed(error: OSError) -> None:
        found[Path(error.filename)] = closed_folder(error)

    for place, folders, names in os.walk(folder, onerror=closed):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            if path.is_file() and is_image(name, path):
                found[path] = None
    return found


def is_image(name: str, path: Path | str) -> bool:
    """Return whether a file in a folder is taken for an image: by its name, or else by its content.

    Args:
        name: The file's name.
        path: Where it is; a file, and no folder.
    """
    stem, dot, end = name.rpartition(".")
    suffix = f".{end.lower()}" if stem and dot else ""
    if suffix in _SUFFIXES:
        return True
    # Archives name files by number or by UID, whose last part looks like a suffix.
    if (suffix and not end.isdecimal()) or name == _INDEX:
        return False
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 a Path each would cost more than all else
            return is_dicom(stream.read(_HEAD))
    except OSError:
        return False
