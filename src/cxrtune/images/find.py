"""What a user names on the command line -> image files, each with a name of its own."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxrtune.errors import DataError
from cxrtune.images.formats import HEAD, OTHER_SUFFIXES, SUFFIXES, kind_of
from cxrtune.progress import Reporter
from cxrtune.shown import shown

_INDEX = "DICOMDIR"  # PS3.10, 8.6: the index of a disc of DICOM files holds no image
_NEVER = frozenset(
    {
        *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".xml", ".html", ".htm", ".md", ".log", ".yaml", ".yml"),
        *(".py", ".ipynb", ".db", ".sqlite", ".doc", ".docx", ".xls", ".xlsx", ".pdf", ".bin"),
        *(".zip", ".gz", ".tar", ".tgz", ".bz2", ".xz", ".7z", ".rar"),
        *(".parquet", ".safetensors", ".npy", ".npz", ".pth", ".pt", ".onnx"),
    }
)
"""Suffixes of files that are not opened to see whether they are images: folders may hold many of them."""
_PREAMBLE = 128  # bytes before `DICM` (PS3.10, 7.1)


@dataclass(frozen=True)
class ImageFile:
    """One file to be read.

    Attributes:
        name: What tables call it: the file's name, or, where two share that, its path; bytes that are not
            UTF-8 are written out.
        path: Where it is.
        problem: Why it cannot even be tried, such as a folder that cannot be opened; or None.
    """

    name: str
    path: Path
    problem: str | None = None


@dataclass
class PassedOver:
    """The files of folders that are no images; hidden ones are not counted.

    Attributes:
        count: How many.
        example: The first.
    """

    count: int = 0
    example: str = ""

    def add(self, path: str) -> None:
        """Count a file."""
        self.count += 1
        self.example = self.example or path

    def tell(self, stage: str, reporter: Reporter) -> None:
        """Say how many there are."""
        if self.count:
            what = "1 file is not an image" if self.count == 1 else f"{self.count:,} files are not images"
            reporter.say(f"{stage}: passed over: {what} ({shown(self.example)})")


def find_images(inputs: Sequence[Path], passed: PassedOver | None = None) -> list[ImageFile]:
    """Resolve files, folders and patterns into image files, in order, each once.

    A folder is searched through to the bottom, as `is_image` says. A file that is named itself is taken
    whatever it is called. A folder that cannot be opened is an entry with its reason.

    Args:
        inputs: Paths, or patterns such as `study/**/*.dcm`.
        passed: Counts the files of folders that are no images.

    Raises:
        DataError: A path does not exist, a pattern fits nothing, or there is no image at all.
    """
    found: dict[Path, str | None] = {}
    for given in inputs:
        for path in expanded(given):
            if path.is_dir():
                found |= _searched(path, passed or PassedOver())
            else:
                found[path] = None
    if not found:
        raise no_images(inputs)
    often = Counter(path.name for path in found)
    return [
        ImageFile(shown(path.name if often[path.name] == 1 else path.as_posix()), path, problem)
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
    return DataError("holds no images (PNG, JPEG, TIFF or DICOM)", path=inputs[0])


def closed_folder(error: OSError) -> str:
    """Say why a folder has not been searched."""
    return f"the folder cannot be opened: {(error.strerror or 'unknown cause').lower()}"


def _searched(folder: Path, passed: PassedOver) -> dict[Path, str | None]:
    found: dict[Path, str | None] = {}

    def closed(error: OSError) -> None:
        found[Path(error.filename)] = closed_folder(error)

    for place, folders, names in os.walk(folder, onerror=closed):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            if not path.is_file():
                continue
            if is_image(name, path):
                found[path] = None
            elif not name.startswith("."):
                passed.add(str(path))
    return found


def is_image(name: str, path: Path | str) -> bool:
    """Return whether a file in a folder is taken for an image: by its name, or else by its content.

    Hidden files are not, such as the `._` twins that macOS writes. Files whose suffix is that of an image
    are, also those of a kind that is not read: whoever reads them says so. Of others the content decides.

    Args:
        name: The file's name.
        path: Where it is; a file, and no folder.
    """
    if name.startswith(".") or name == _INDEX:
        return False
    stem, dot, end = name.rpartition(".")
    suffix = f".{end.lower()}" if stem and dot else ""
    if suffix in SUFFIXES or suffix in OTHER_SUFFIXES:
        return True
    if suffix in _NEVER:
        return False
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 a Path each would cost more than all else
            head = stream.read(HEAD)
    except OSError:
        return False
    # Archives name files by number or by UID, whose last part looks like a suffix: DICOM without a preamble
    # is looked for there, and not in whatever another program has written.
    if not suffix or end.isdecimal() or head[_PREAMBLE:] == b"DICM":
        return kind_of(head) is not None
    return kind_of(head) not in (None, "DICOM")
