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
        for path in _expanded(given):
            if path.is_dir():
                found |= _searched(path)
            else:
                found[path] = None
    if not found:
        raise DataError("holds no images (PNG, JPEG or DICOM)", path=inputs[0])
    often = Counter(path.name for path in found)
    return [
        ImageFile(path.name if often[path.name] == 1 else path.as_posix(), path, problem)
        for path, problem in found.items()
    ]


def _expanded(given: Path) -> list[Path]:
    if given.exists() or given.is_symlink():
        return [given]
    if glob.has_magic(str(given)):
        # Path.glob takes no absolute pattern.
        fitting = sorted(Path(name) for name in glob.glob(str(given), recursive=True))  # noqa: PTH207
        if fitting:
            return fitting
        raise DataError("no file fits this pattern", path=given)
    raise DataError("there is no such file or folder", path=given)


def _searched(folder: Path) -> dict[Path, str | None]:
    found: dict[Path, str | None] = {}

    def closed(error: OSError) -> None:
        reason = (error.strerror or "unknown cause").lower()
        found[Path(error.filename)] = f"the folder cannot be opened: {reason}"

    for place, folders, names in os.walk(folder, onerror=closed):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            if _is_image(path):
                found[path] = None
    return found


def _is_image(path: Path) -> bool:
    if path.suffix.lower() in _SUFFIXES:
        return path.is_file()
    # Archives name files by number or by UID, whose last part looks like a suffix.
    is_named = path.suffix and not path.suffix[1:].isdecimal()
    if is_named or path.name == _INDEX or not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            return is_dicom(stream.read(_HEAD))
    except OSError:
        return False
