"""Find the images below a folder, and match the names in a table to them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.own.cohort_map import CohortMap
from cxrtune.cohort.own.label_table import row_name
from cxrtune.errors import DataError, UsageError
from cxrtune.images.discover import Role, search
from cxrtune.images.formats import OTHER_SUFFIXES, SUFFIXES
from cxrtune.shown import is_utf8, quoted, short
from cxrtune.text_file import Tell

_NAME_IT = "Name the folder with `images`."
_FIELD = re.compile(r"\{([^{}]+?)(?::\.(\d+))?\}")
_SUFFIX_AT_END = re.compile(
    rf"(?:{'|'.join(map(re.escape, sorted(SUFFIXES | OTHER_SUFFIXES)))})$", re.IGNORECASE
)


@dataclass(frozen=True)
class ImageTree:
    """The images below a folder.

    Attributes:
        folder: The folder.
        paths: Paths relative to the folder, with / as separator, sorted.
        links_outside: Number of images that are links to files elsewhere.
        linked_folders: Number of folders that are links and were not searched.
        not_utf8: Paths of images whose names are not valid text, so that no table can refer to them.
    """

    folder: Path
    paths: pd.Index
    links_outside: int
    linked_folders: int
    not_utf8: tuple[str, ...] = ()


def search_tree(folder: Path) -> ImageTree:
    """List the images below a folder; `images.discover` decides which files are images.

    Raises:
        DataError: The folder does not exist, cannot be opened, or contains no images.
    """
    if not folder.is_dir():
        raise DataError("there is no such folder of images", path=folder, remedy=_NAME_IT)
    root = os.path.realpath(folder)
    paths: list[str] = []
    strange: list[str] = []
    outside = linked = 0
    place = inner = ""
    for found in search(folder):
        if found.folder != place:
            place, relative = found.folder, os.path.relpath(found.folder, folder)
            inner = "" if relative == "." else f"{relative}/"
        if found.role is Role.CLOSED:
            raise DataError(
                f"a folder of images cannot be opened: {found.cause}",
                path=Path(found.folder),
                remedy="Give yourself the right to read it.",
            )
        linked += found.role is Role.LINKED
        if found.role is Role.IMAGE and found.file is not None:
            name = inner + found.file.name
            (paths if is_utf8(name) else strange).append(name)
            if found.file.is_symlink():
                outside += not _is_inside(os.path.realpath(found.file.path), root)
    if not paths:
        raise DataError("holds no images (PNG, JPEG or DICOM)", path=folder, remedy=_NAME_IT)
    return ImageTree(folder, pd.Index(sorted(paths), dtype="str"), outside, linked, tuple(sorted(strange)))


def _is_inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root + os.sep)


def image_columns(wanted: CohortMap) -> list[str]:
    """Return the columns that the image names are built from.

    Raises:
        UsageError: The map's template for names has a brace that does not belong to a column.
    """
    if re.search(r"[{}]", _FIELD.sub("", wanted.image)):
        raise UsageError(
            f"image: {quoted(wanted.image)} has a brace that belongs to no column",
            remedy="Write it like: p{patient:.2}/{image}.jpg",
        )
    return [match[1] for match in _FIELD.finditer(wanted.image)] or [wanted.image]


def image_names(table: pd.DataFrame, wanted: CohortMap) -> pd.Series[str]:
    """Return the image name of each row.

    Raises:
        DataError: A row has no image name, or one that leads out of the image folder.
    """
    names = _filled(table, wanted.image) if "{" in wanted.image else table[wanted.image]
    names = names.str.strip().str.replace("\\", "/", regex=False)
    if wanted.remove:
        names = names.str.replace(f"^(?:{wanted.remove})", "", regex=True)
    names = names.str.replace(r"^(\./)+", "", regex=True)
    nameless = names.eq("").to_numpy()
    if nameless.any():
        raise DataError(
            f"{row_name(table, int(nameless.argmax()))} of the table names no image",
            remedy="Name the image of every row, or leave such rows out with keep in the map.",
        )
    leaving = names.str.contains(r"(?:^|/)\.\.(?:/|$)", regex=True).to_numpy()
    if leaving.any():
        raise DataError(
            f"{row_name(table, int(leaving.argmax()))} of the table names an image outside the folder of"
            f" images: {short(names[leaving].iloc[0])}",
            remedy="Name images by their path in the folder given with `images`.",
        )
    return names


def _filled(table: pd.DataFrame, text: str) -> pd.Series[str]:
    names = pd.Series("", index=table.index, dtype="str")
    end = 0
    for match in _FIELD.finditer(text):
        values = table[match[1]].str.strip()
        names = names + text[end : match.start()] + (values.str[: int(match[2])] if match[2] else values)
        end = match.end()
    return names + text[end:]


def match_images(names: pd.Series[str], tree: ImageTree, tell: Tell) -> NDArray[np.intp]:
    """Find the image of each name by its path, or by its longest matching end, with or without suffix.

    `train/p1/a.jpg` matches `batch 2/p1/a.jpg` and `p1_a.png` matches `2019/p1_a.png`, as long as no other
    name or image has the same end: a shorter end would not distinguish images of different patients.

    Args:
        names: Image names from the table.
        tree: The images.
        tell: Receives a message about images that are found only by a part of their name.

    Returns:
        intp (N,), indices into `tree.paths`, -1 if there is no such image.

    Raises:
        DataError: A name matches two images.
    """
    # Accents have two encodings (Unicode's forms C and D), and systems differ in which one they use.
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
    """Return the rows whose names match by their last `length` parts, and the indices of their images."""
    our_ends, their_ends = _ends(ours, length), _ends(theirs, length)
    is_whole = (ours.str.count("/") < length).to_numpy(dtype=bool)
    # An end that belongs to several rows is ambiguous; complete names that occur twice are handled elsewhere.
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
    """Return the last `length` parts of each path, None if it has fewer."""
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
