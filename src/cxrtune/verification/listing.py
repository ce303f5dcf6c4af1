"""What lies in a data folder: one pass over its directories, made for a million files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cxrtune.cohort.folder import IMAGE_SUFFIXES, image_places
from cxrtune.errors import DataError
from cxrtune.progress import Reporter, Task
from cxrtune.shown import shown
from cxrtune.verification.kinds import Kind
from cxrtune.verification.problem import Problem

_STEP = 10_000  # images between two signs of life


class Found(NamedTuple):
    """An image file: its folder, relative to the data folder, and its bytes; -1 is a link to nowhere."""

    folder: str
    size: int


@dataclass
class Listing:
    """The contents of the folders that images are looked for in.

    Attributes:
        root: The data folder.
        images: The image files by name, as cxrtune reads them.
        others: Names of all other files, by folder.
        links: Image files that are links, as paths relative to the data folder.
        places: The folders, relative to the data folder.
        problems: Folders that cannot be listed, and names that are there twice.
    """

    root: Path
    images: dict[str, Found] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def file(self, name: str) -> str:
        """Return an image's path relative to the data folder, as it is shown."""
        found = self.images[name]
        return shown(f"{found.folder}/{name}" if found.folder else name)

    def path(self, name: str) -> Path:
        """Return where an image is."""
        return self.root / self.images[name].folder / name


def list_folder(root: Path, reporter: Reporter) -> Listing:
    """List a data folder.

    Args:
        root: The data folder.
        reporter: Shows how many files were seen.

    Raises:
        DataError: There is no such folder.
    """
    if not root.is_dir():
        raise DataError(
            "there is no such data folder",
            path=root,
            remedy="Name the folder that holds images/ and the label table.",
        )
    listing = Listing(root)
    places = image_places(root)
    listing.places = [place.relative_to(root).as_posix() for place in places]
    with reporter.task("Listing", len(places)) as task:
        for place, name in zip(places, listing.places, strict=True):
            try:
                with os.scandir(place) as entries:
                    _take(entries, name, listing, task)
            except OSError as error:
                listing.problems.append(_closed(name, error))
            task.advance()
    return listing


def _take(entries: Iterable[os.DirEntry[str]], folder: str, listing: Listing, task: Task) -> None:
    images, others = listing.images, listing.others.setdefault(folder, [])
    for entry in entries:
        name = entry.name
        if name.startswith(".") or os.path.splitext(name)[1].lower() not in IMAGE_SUFFIXES:  # noqa: PTH122  a Path an entry costs seconds on 112,120
            if not entry.is_dir():
                others.append(name)
            continue
        size = file_size(entry)
        if size is None:
            others.append(name)
            continue
        if entry.is_symlink():
            listing.links.append(f"{folder}/{name}")
        if name in images:
            listing.problems.append(_twice(name, images[name].folder, folder))
            continue
        images[name] = Found(folder, size)
        if not len(images) % _STEP:
            task.note(f"{len(images):,} images")


def file_size(entry: os.DirEntry[str]) -> int | None:
    """Return an entry's bytes; -1 of a link to nowhere, None of what is no file."""
    try:
        status = entry.stat()
    except OSError:  # a link to nowhere, or gone meanwhile
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _closed(folder: str, error: OSError) -> Problem:
    return Problem(
        Kind.FOLDER,
        "error",
        shown(folder),
        f"cannot be listed: {(error.strerror or 'unknown cause').lower()}",
        "Give yourself the right to read it (chmod u+rx), or mount its disk.",
    )


def _twice(name: str, first: str, second: str) -> Problem:
    return Problem(
        Kind.SAME_NAME,
        "error",
        shown(f"{second}/{name}"),
        f"an image of this name lies in {shown(first)} too; expected one",
        "Keep one of them.",
    )
