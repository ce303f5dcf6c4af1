"""The images below a folder, and which of them a table's names mean."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.errors import DataError
from cxrtune.shown import is_utf8, quoted, short
from cxrtune.text_file import Tell

# What is not read (yet) is listed too: whoever opens it says what it is, and the table does name it.
_FORMATS = ("png", "jpg", "jpeg", "dcm", "dicom", "dic", "ima", "tif", "tiff", "webp", "bmp", "gif", "jp2")
_SUFFIXES = frozenset({*(f".{name}" for name in _FORMATS), ""})
_SUFFIX_AT_END = re.compile(rf"\.(?:{'|'.join(_FORMATS)})$", re.IGNORECASE)


@dataclass(frozen=True)
class ImageTree:
    """The images below a folder.

    Attributes:
        folder: The folder.
        paths: Their paths in it, with / between folders, sorted.
        links_outside: How many of them are links to files elsewhere.
        linked_folders: How many folders are links and were not searched.
        not_utf8: Paths of images whose names are no text, and which no table can name.
    """

    folder: Path
    paths: pd.Index
    links_outside: int
    linked_folders: int
    not_utf8: tuple[str, ...] = ()


def search_tree(folder: Path) -> ImageTree:
    """List the images below a folder: by the names of PNG, JPEG and DICOM, and files without a suffix.

    Raises:
        DataError: The folder does not exist, cannot be opened, or holds no image.
    """
    if not folder.is_dir():
        raise DataError(
            "there is no such folder of images", path=folder, remedy="Name the folder with `images`."
        )
    root = os.path.realpath(folder)
    paths: list[str] = []
    strange: list[str] = []
    outside = linked = 0
    waiting = [""]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(os.path.join(folder, place)) as entries:  # noqa: PTH118  a Path an entry costs seconds
                for entry in entries:
                    name = f"{place}{entry.name}"
                    if entry.is_dir():
                        if entry.is_symlink():  # may lead round in a ring, or out of the folder
                            linked += 1
                        elif not entry.name.startswith("."):
                            waiting.append(f"{name}/")
                    elif _is_image(entry.name) and entry.is_file():
                        (paths if is_utf8(name) else strange).append(name)
                        outside += entry.is_symlink() and not _is_inside(os.path.realpath(entry.path), root)
        except OSError as error:
            raise DataError(
                f"a folder of images cannot be opened: {(error.strerror or 'unknown cause').lower()}",
                path=folder / place,
                remedy="Give yourself the right to read it.",
            ) from error
    if not paths:
        raise DataError(
            "holds no images (PNG, JPEG or DICOM)", path=folder, remedy="Name the folder with `images`."
        )
    return ImageTree(folder, pd.Index(sorted(paths), dtype="str"), outside, linked, tuple(sorted(strange)))


def match_images(names: pd.Series[str], tree: ImageTree, tell: Tell) -> NDArray[np.intp]:
    """Find each name's image: by its path, else by the longest end of it that is found, suffix or not.

    `train/p1/a.jpg` is `batch 2/p1/a.jpg` and `p1_a.png` is `2019/p1_a.png`, as long as no other name and no
    other image ends in the same way: a shorter end tells images of several patients apart no longer.

    Args:
        names: What the table says.
        tree: The images.
        tell: Told of images that are found by a part of their name only.

    Returns:
        intp (N,), places in `tree.paths`, -1 where there is no such image.

    Raises:
        DataError: A name fits two images.
    """
    # Accents are written in two ways (Unicode's forms C and D), and systems differ in which they keep.
    wanted, paths = names.str.normalize("NFC"), tree.paths.to_series().str.normalize("NFC")
    found = pd.Index(paths).get_indexer(pd.Index(wanted))
    partly: list[int] = []
    for without_suffix in (False, True):
        if (found >= 0).all():
            break
        ours = _without_suffix(wanted) if without_suffix else wanted
        theirs = _without_suffix(paths) if without_suffix else paths
        depths = ours.str.count("/").to_numpy(dtype=int)
        cut = (ours != wanted).to_numpy(dtype=bool)
        for length in range(1 + int(depths[found < 0].max()), 0, -1):
            rows, places = _match_ends(ours, theirs, found, length, tree)
            found[rows] = places
            partly += rows[(depths[rows] >= length) | cut[rows]].tolist()
    if partly:
        first = min(partly)
        tell(
            f"{len(partly):,} images are found by a part of their name only, {short(names.iloc[first])} as"
            f" {short(tree.paths[found[first]])} for one"
        )
    return found


def _match_ends(
    ours: pd.Series[str], theirs: pd.Series[str], found: NDArray[np.intp], length: int, tree: ImageTree
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows that are found by the last `length` parts of their names, and where."""
    our_ends, their_ends = _ends(ours, length), _ends(theirs, length)
    is_whole = (ours.str.count("/") < length).to_numpy(dtype=bool)
    # An end that stands for several rows tells none of them; a whole name is told apart elsewhere.
    tells = is_whole | ~our_ends.duplicated(keep=False).to_numpy()
    rows = np.flatnonzero((found < 0) & our_ends.notna().to_numpy() & tells)
    twice = their_ends.duplicated(keep=False).to_numpy()
    known = their_ends.notna().to_numpy()
    _refuse_ambiguous(our_ends.iloc[rows], tree.paths[twice & known], their_ends[twice & known], tree)
    candidates = np.flatnonzero(~twice & known)
    at = pd.Index(their_ends.iloc[candidates]).get_indexer(pd.Index(our_ends.iloc[rows]))
    hits = at >= 0
    return rows[hits], candidates[at[hits]]


def _ends(names: pd.Series[str], length: int) -> pd.Series[str]:
    """Return the last `length` parts of each path, None where there are fewer."""
    ends = [
        "/".join(parts[-length:]) if len(parts := name.rsplit("/", length)) >= length else None
        for name in names
    ]
    return pd.Series(ends, index=names.index, dtype=object)


def _without_suffix(paths: pd.Series[str]) -> pd.Series[str]:
    return paths.str.replace(_SUFFIX_AT_END, "", regex=True)


def _refuse_ambiguous(ours: pd.Series[str], paths: pd.Index, theirs: pd.Series[str], tree: ImageTree) -> None:
    meant = theirs.isin(set(ours)).to_numpy(dtype=bool)
    if meant.any():
        name = theirs[meant].iloc[0]
        first, second = paths[(theirs == name).to_numpy(dtype=bool)][:2]
        remedy = "Let the table name images by their path in this folder."
        if "/" in name:
            remedy = "Name the folder that the table's paths begin in with `images`."
        raise DataError(
            f"the table's image {quoted(name)} is here twice, as {short(first)} and as {short(second)}",
            path=tree.folder,
            remedy=remedy,
        )


def _is_image(name: str) -> bool:
    suffix = os.path.splitext(name)[1]  # noqa: PTH122  see above
    # Archives name files by UID, whose last part looks like a suffix.
    return not name.startswith(".") and (suffix.lower() in _SUFFIXES or suffix[1:].isdecimal())


def _is_inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root + os.sep)
