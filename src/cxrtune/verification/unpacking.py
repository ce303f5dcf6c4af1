"""Signs that an archive was not unpacked, or not to its end."""

from __future__ import annotations

import os
from collections import Counter

from cxrtune.cohort.folder import IMAGE_SUFFIXES
from cxrtune.shown import shown
from cxrtune.verification import known
from cxrtune.verification.kinds import Kind
from cxrtune.verification.listing import Listing
from cxrtune.verification.problem import Problem

_ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")
_PARTIAL = (".part", ".partial", ".crdownload", ".download", ".tmp", ".aria2", ".filepart")
_OURS = (".part.json", ".unpacking")  # what a `cxrtune download` that was stopped leaves beside its parts
_HARMLESS = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".gitkeep", ".gitignore", ".directory"})


def check_unpacking(listing: Listing, *, is_nih: bool, missing: int) -> list[Problem]:
    """Return files that are only begun, archives that wait, and NIH's folders with less than their archive.

    Args:
        listing: What is in the folder.
        is_nih: Whether the table is NIH's, whose archives have known numbers of images.
        missing: How many images of the table are not on disk.
    """
    try:
        beside = sorted(os.listdir(listing.root))  # noqa: PTH208  names are all that is wanted
    except OSError:
        beside = []
    problems = []
    for folder, names in (("", beside), *listing.others.items()):
        problems += [_begun(f"{folder}/{name}".lstrip("/")) for name in sorted(names) if _is_begun(name)]
        problems += [_ours(name) for name in sorted(names) if name.endswith(_OURS)]
        if missing:
            problems += [
                _waiting(f"{folder}/{name}".lstrip("/"), missing)
                for name in sorted(names)
                if name.lower().endswith(_ARCHIVES)
            ]
    return problems + (_short_folders(listing) if is_nih and missing else [])


def _is_begun(name: str) -> bool:
    lower = name.lower()
    if lower in _HARMLESS:
        return False
    # rsync and the Macintosh hide theirs: `.NAME.png.Xy12Zq`, `._NAME.png`.
    is_hidden_picture = name.startswith(".") and any(suffix in lower for suffix in IMAGE_SUFFIXES)
    return lower.endswith(_PARTIAL) or is_hidden_picture


def _begun(file: str) -> Problem:
    return Problem(
        Kind.UNPACKING,
        "warning",
        shown(file),
        "is the trace of a download, a copy or an unpacking that did not end",
        "Do it again, then delete this file.",
    )


def _ours(file: str) -> Problem:
    return Problem(
        Kind.UNPACKING,
        "warning",
        shown(file),
        "is of a `cxrtune download` that did not end",
        "Start the same download again: it goes on, and removes this.",
    )


def _waiting(file: str, missing: int) -> Problem:
    return Problem(
        Kind.UNPACKING,
        "warning",
        shown(file),
        f"is an archive that still lies here, and {missing:,} images are missing",
        "Let `cxrtune download nih` verify and unpack it, or unpack it in a folder of its own: images_0NN.",
    )


def _short_folders(listing: Listing) -> list[Problem]:
    held = Counter(found.folder for found in listing.images.values())
    problems = []
    for place in listing.places:
        whole = known.ARCHIVES.get(place.split("/", 1)[0])
        if whole is not None and 0 < held[place] < whole:
            problems.append(
                Problem(
                    Kind.UNPACKING,
                    "warning",
                    place,
                    f"holds {held[place]:,} images, expected {whole:,} as in NIH's archive of this name",
                    "Unpack the archive again, unless you keep but a part of the images.",
                )
            )
    return problems
