"""The images below a folder, and which of them a table's names mean."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.errors import DataError

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".dcm", ".dicom", ".dic", ""})


@dataclass(frozen=True)
class ImageTree:
    """The images below a folder.

    Attributes:
        folder: The folder.
        paths: Their paths in it, with / between folders, sorted.
        links_outside: How many of them are links to files elsewhere.
        linked_folders: How many folders are links and were not searched.
    """

    folder: Path
    paths: pd.Index
    links_outside: int
    linked_folders: int


def search_tree(folder: Path) -> ImageTree:
    """List the images below a folder: by the names of PNG, JPEG and DICOM, and files without a suffix.

    Raises:
        DataError: The folder does not exist, cannot be opened, or holds no image.
    """
    if not folder.is_dir():
        raise DataError(
            "there is no such folder of images", path=folder, remedy="Name the folder with --images."
        )
    root = os.path.realpath(folder)
    paths: list[str] = []
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
                        paths.append(name)
                        outside += entry.is_symlink() and not _is_inside(os.path.realpath(entry.path), root)
        except OSError as error:
            raise DataError(
                f"a folder of images cannot be opened: {(error.strerror or 'unknown cause').lower()}",
                path=folder / place,
                remedy="Give yourself the right to read it.",
            ) from error
    if not paths:
        raise DataError(
            "holds no images (PNG, JPEG or DICOM)", path=folder, remedy="Name the folder with --images."
        )
    return ImageTree(folder, pd.Index(sorted(paths), dtype="str"), outside, linked)


def match_images(names: pd.Series[str], tree: ImageTree) -> NDArray[np.intp]:
    """Find each name's image: by its path, else by its file's name, else by that without the suffix.

    Args:
        names: What the table says.
        tree: The images.

    Returns:
        intp (N,), places in `tree.paths`, -1 where there is no such image.

    Raises:
        DataError: A name fits two images.
    """
    # Accents are written in two ways (Unicode's forms C and D), and systems differ in which they keep.
    wanted, paths = names.str.normalize("NFC"), tree.paths.to_series().str.normalize("NFC")
    found = pd.Index(paths).get_indexer(pd.Index(wanted))
    for shortened in (_file_name, _stem):
        missing = np.flatnonzero(found < 0)
        if not len(missing):
            break
        candidates, short = shortened(paths), shortened(wanted.iloc[missing])
        twice = candidates.duplicated(keep=False).to_numpy()
        _refuse_ambiguous(short, candidates[twice], tree)
        places = np.flatnonzero(~twice)
        at = pd.Index(candidates[~twice]).get_indexer(pd.Index(short))
        found[missing] = np.where(at >= 0, places[at] if len(places) else -1, -1)
    return found


def _file_name(paths: pd.Series[str]) -> pd.Series[str]:
    return paths.str.replace(r"^.*/", "", regex=True)


def _stem(paths: pd.Series[str]) -> pd.Series[str]:
    return _file_name(paths).str.replace(r"\.(?:png|jpe?g|dcm|dicom|dic)$", "", regex=True, case=False)


def _refuse_ambiguous(short: pd.Series[str], twice: pd.Series[str], tree: ImageTree) -> None:
    meant = twice[twice.isin(set(short))]
    if len(meant):
        first, second = meant.index[meant == meant.iloc[0]][:2]
        raise DataError(
            f"the table's image '{meant.iloc[0]}' is here twice, as {first} and as {second}",
            path=tree.folder,
            remedy="Let the table name images by their path in this folder.",
        )


def _is_image(name: str) -> bool:
    suffix = os.path.splitext(name)[1]  # noqa: PTH122  see above
    # Archives name files by UID, whose last part looks like a suffix.
    return not name.startswith(".") and (suffix.lower() in _SUFFIXES or suffix[1:].isdecimal())


def _is_inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root + os.sep)
