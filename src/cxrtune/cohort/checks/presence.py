"""Compare the images in the table with those in the folder, and look for causes of differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from cxrtune.cohort.checks.listing import FolderListing
from cxrtune.cohort.folder import LOOKED_IN
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.cohort.releases import ARCHIVES
from cxrtune.images.discover import PARTIAL_SUFFIXES, Role, entries_of, search
from cxrtune.shown import shown

_ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")
_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
_OURS = (".part.json", ".unpacking")  # what an interrupted download leaves next to its parts
_DOWNLOAD_AGAIN = "Start the same download again: it goes on, and removes this."
_UNPACK = (
    "Let `cxrtune.download dataset=nih` verify and unpack it, or unpack it in a folder of its own:"
    " images_0NN."
)
_UNPACK_AGAIN = "Unpack the archive again, unless you keep but a part of the images."
_HARMLESS = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".gitkeep", ".gitignore", ".directory"})


def check_presence(named: Collection[str], listing: FolderListing, table: str) -> list[Problem]:
    """Return problems for missing and extra images.

    A missing image is only a warning if others exist: NIH's complete table is often used with a part of
    its images, and cxrtune excludes missing images and says so.

    Args:
        named: Names of the images in the table.
        listing: The contents of the folder.
        table: Name of the table.
    """
    missing = [name for name in dict.fromkeys(named) if name and name not in listing.images]
    extra = listing.images.keys() - set(named)
    alike = _alike(extra)
    none = len(missing) == len(set(named))
    problems = [
        Problem(
            Kind.MISSING,
            "error" if none else "warning",
            shown(name),
            f"is in {table} but not on disk" + _twin(name, alike),
            "Unpack the archives that are missing, or go on: what is not there is left out of the cohort.",
        )
        for name in missing
    ]
    return problems + [
        Problem(
            Kind.EXTRA,
            "warning",
            listing.file(name),
            f"is on disk but not in {table}",
            "Nothing need be done: it is not used. Add a row if it should be.",
        )
        for name in sorted(extra)
    ]


def no_images(folder: Path) -> Problem:
    """Return the problem of a folder without images; suggests those directly in the folder, if any."""
    beside = sum(entry.role is Role.IMAGE for entry in search(folder, deep=False))
    return Problem(
        Kind.MISSING,
        "error",
        shown(str(folder)),
        f"holds no images (looked for PNG and JPEG in {LOOKED_IN})"
        + (f"; {beside:,} lie in the folder itself" if beside else ""),
        "Move them into images/, or name the folder above." if beside else "Unpack NIH's archives there.",
    )


def _alike(names: Iterable[str]) -> dict[str, str]:
    return {_stem(name): name for name in names}


def _stem(name: str) -> str:
    return name.rpartition(".")[0].strip().casefold()


def _twin(name: str, alike: dict[str, str]) -> str:
    """Return the file that is probably meant: one that differs only in case or suffix."""
    twin = alike.get(_stem(name))
    return "" if twin is None else f"; {shown(twin)} is there: rename it, or the row"


def check_unpacking(listing: FolderListing, *, is_nih: bool, missing: int) -> list[Problem]:
    """Return partial files, archives not yet unpacked, and NIH folders with fewer images than their archive.

    Args:
        listing: The contents of the folder.
        is_nih: Whether the table is NIH's, whose archives have known numbers of images.
        missing: Number of images in the table whose files are missing.
    """
    beside = [entry.name for entry in entries_of(listing.root)]
    problems = []
    for folder, names in (("", beside), *listing.others.items()):
        for name in sorted(names):
            file = shown(f"{folder}/{name}".lstrip("/"))
            if _is_begun(name):
                what = "is the trace of a download, a copy or an unpacking that did not end"
                problems.append(_unpacking(file, what, "Do it again, then delete this file."))
            if name.endswith(_OURS):
                what = "is of a download that did not end"
                problems.append(_unpacking(shown(name), what, _DOWNLOAD_AGAIN))
            if missing and name.lower().endswith(_ARCHIVES):
                what = f"is an archive that still lies here, and {missing:,} images are missing"
                problems.append(_unpacking(file, what, _UNPACK))
    if is_nih and missing:
        held = Counter(found.folder for found in listing.images.values())
        for place in listing.places:
            whole = ARCHIVES.get(place.split("/", 1)[0])
            if whole is not None and 0 < held[place] < whole:
                what = f"holds {held[place]:,} images, expected {whole:,} as in NIH's archive of this name"
                problems.append(_unpacking(place, what, _UNPACK_AGAIN))
    return problems


def _unpacking(file: str, what: str, remedy: str) -> Problem:
    return Problem(Kind.UNPACKING, "warning", file, what, remedy)


def _is_begun(name: str) -> bool:
    lower = name.lower()
    if lower in _HARMLESS:
        return False
    # rsync and macOS write hidden files: `.NAME.png.Xy12Zq`, `._NAME.png`.
    is_hidden_image = name.startswith(".") and any(suffix in lower for suffix in _IMAGE_SUFFIXES)
    return lower.endswith(tuple(PARTIAL_SUFFIXES)) or is_hidden_image
