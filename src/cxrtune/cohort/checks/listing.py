"""List a data folder and check its links and names; designed for a million files."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cxrtune.cohort.folder import image_places
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.errors import DataError
from cxrtune.images.discover import Role, is_image, search
from cxrtune.progress import Reporter, Task
from cxrtune.shown import is_utf8, shown

_STEP = 10_000  # images between progress updates
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")  # a cohort refers to images by their paths
_MAY_NOT = "Give yourself the right to read it (chmod u+rx), or mount its disk."
_ELSEWHERE = "Nothing need be done if you made it: see that its disk is there, and is yours."
_COPY = "Copy the file into the folder: what a link shows can change unseen."
_RENAME = "cxrtune does not use it: rename it (convmv does so for whole folders)."
_REMEDY = "cxrtune reads it; rename it, here and in the tables, if other tools do not."


class Found(NamedTuple):
    """An image file: its folder, relative to the data folder, and its size in bytes, -1 for a broken link."""

    folder: str
    size: int


@dataclass
class FolderListing:
    """The contents of the folders that are searched for images.

    Attributes:
        root: The data folder.
        images: The image files, by the name that cxrtune uses.
        others: Names of all other files, by folder.
        links: Image files that are symbolic links, as paths relative to the data folder.
        places: The folders, relative to the data folder.
        problems: Folders that cannot be listed, and names that occur twice.
    """

    root: Path
    images: dict[str, Found] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def file(self, name: str) -> str:
        """Return an image's path relative to the data folder, for display."""
        found = self.images[name]
        return shown(f"{found.folder}/{name}" if found.folder else name)

    def path(self, name: str) -> Path:
        """Return the path of an image."""
        return self.root / self.images[name].folder / name


def list_folder(root: Path, reporter: Reporter) -> FolderListing:
    """List a data folder.

    Args:
        root: The data folder.
        reporter: Shows the number of files seen so far.

    Raises:
        DataError: The folder does not exist.
    """
    if not root.is_dir():
        raise DataError(
            "there is no such data folder",
            path=root,
            remedy="Name the folder that holds images/ and the label table.",
        )
    listing = FolderListing(root)
    places = image_places(root)
    listing.places = [place.relative_to(root).as_posix() for place in places]
    with reporter.task("Listing", len(places)) as task:
        for place, name in zip(places, listing.places, strict=True):
            for entry in search(place, deep=False):
                if entry.role is Role.CLOSED:
                    what = f"cannot be listed: {entry.cause}"
                    listing.problems.append(Problem(Kind.FOLDER, "error", shown(name), what, _MAY_NOT))
                elif entry.role is not Role.LINKED and entry.file is not None:
                    _take(entry.file, entry.role, name, listing, task)
            task.advance()
    return listing


def _take(entry: os.DirEntry[str], role: Role, folder: str, listing: FolderListing, task: Task) -> None:
    name, images = entry.name, listing.images
    # A broken link is reported as an image that cannot be read.
    may_be = role is Role.IMAGE or (entry.is_symlink() and is_image(name, entry.path))
    size = file_size(entry) if may_be else None
    if size is None:
        listing.others.setdefault(folder, []).append(name)
        return
    if entry.is_symlink():
        listing.links.append(f"{folder}/{name}")
    if name in images:
        file, first = shown(f"{folder}/{name}"), shown(images[name].folder)
        what = f"an image of this name lies in {first} too; expected one"
        listing.problems.append(Problem(Kind.SAME_NAME, "error", file, what, "Keep one of them."))
        return
    images[name] = Found(folder, size)
    if not len(images) % _STEP:
        task.note(f"{len(images):,} images")


def file_size(entry: os.DirEntry[str]) -> int | None:
    """Return the size of an entry in bytes; -1 for a broken link, None if it is not a file."""
    try:
        status = entry.stat()
    except OSError:  # a broken link, or removed in the meantime
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def check_links(listing: FolderListing) -> list[Problem]:
    """Return links that lead out of the folder; an image folder that is itself a link is reported once."""
    root = os.path.realpath(listing.root)
    inside, leaving = [root], []
    for place in listing.places:
        target = os.path.realpath(listing.root / place)
        if not _is_below(target, inside):
            inside.append(target)
            leaving.append((place, target, _ELSEWHERE))
    for link in listing.links:
        target = os.path.realpath(os.path.join(listing.root, link))  # noqa: PTH118  Path costs seconds on 112,120
        if not _is_below(target, inside):
            leaving.append((link, target, _COPY))
    return [
        Problem(Kind.LINK, "warning", shown(file), f"is a link out of the folder, to {shown(target)}", remedy)
        for file, target, remedy in leaving
    ]


def _is_below(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def check_names(listing: FolderListing) -> list[Problem]:
    """Return images whose names contain spaces, accents, control characters or bytes that are not UTF-8."""
    return [
        Problem(Kind.NAME, "warning", listing.file(name), f"has a name with {reason}", _remedy(name))
        for name in listing.images
        if not _PLAIN.fullmatch(name) and (reason := _reason(name))
    ]


def _remedy(name: str) -> str:
    return _REMEDY if is_utf8(name) else _RENAME


def _reason(name: str) -> str:
    if not name.isprintable():
        return "characters that cannot be seen" if is_utf8(name) else "bytes that are not UTF-8"
    if name != unicodedata.normalize("NFC", name):
        return "accents in two parts (Unicode NFD), which match no table that has them in one"
    reasons = [
        word
        for word, found in (
            ("spaces", " " in name),
            ("letters beyond ASCII", not name.isascii()),
            (
                "characters that a shell takes for its own",
                bool(re.search(r"[^\w\s./\-]", name, re.ASCII)) and name.isascii(),
            ),
        )
        if found
    ]
    return " and ".join(reasons)
