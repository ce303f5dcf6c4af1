"""Find the label table of a data folder, and the images that it lists."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from cxrtune.cohort.boxes import BOX_LIST
from cxrtune.cohort.nih_table import COLUMNS
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table
from cxrtune.cohort.split_lists import KAGGLES_LISTS, LISTS
from cxrtune.csv_table import columns_of
from cxrtune.errors import DataError
from cxrtune.images.discover import Role, entries_of, search
from cxrtune.shown import listed, short, shown
from cxrtune.text_file import Tell

TABLE_NAMES: tuple[str, ...] = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv", "sample_labels.csv")
"""NIH's two releases, and Kaggle's sample of 5,606 images; the first one found is read."""

_LOOKED_FOR = (*TABLE_NAMES, *LISTS.values(), BOX_LIST)

LOOKED_IN = "images/, images_0NN/images/ and images-224/images-224/"
"""Description of where NIH's images are searched for."""


def image_files(folder: Path) -> dict[str, Path]:
    """Find the images of a folder, in `images/`, in `images_0NN/images/` or in `images-224/images-224/`.

    Args:
        folder: The data folder.

    Returns:
        The path of each image, by file name.

    Raises:
        DataError: There are no images, or two images have the same name.
    """
    found = _in_places(folder)
    if not found:
        raise DataError(
            f"holds no images (looked for PNG and JPEG in {LOOKED_IN})",
            path=folder,
            remedy="Unpack NIH's archives there, or count without images with `metadata_only`.",
        )
    return found


def _in_places(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for place in image_places(folder):
        for entry in search(place, deep=False):
            if entry.role is Role.CLOSED:
                raise DataError(
                    entry.why_closed,
                    path=place,
                    remedy="Give yourself the right to read it, or mount its disk.",
                )
            if entry.role is not Role.IMAGE or entry.file is None:
                continue
            name = entry.file.name
            if name in found:
                raise DataError(
                    f"holds two images named {name}, in {found[name].parent} and {place}",
                    path=folder,
                    remedy="Keep one of them.",
                )
            found[name] = place / name
    return found


def locate_images(folder: Path, wanted: Collection[str]) -> dict[str, Path]:
    """Return the paths of a cohort's images: by name in NIH's folders, otherwise by path in the folder.

    Args:
        folder: The data folder.
        wanted: Names of the images in the cohort.

    Returns:
        The path of each requested image; the file may not exist.

    Raises:
        DataError: The folder does not exist, or a name leads out of it.
    """
    found = _in_places(folder)
    leaving = next((name for name in wanted if name not in found and leads_out(name)), None)
    if leaving is not None:
        raise DataError(
            f"the cohort names an image outside this folder: {short(leaving)}",
            path=folder,
            remedy="Make the cohort anew with: `cxrtune.experiment.cohort`",
        )
    if named_as_nihs(found, wanted):
        return {name: found.get(name, folder / "images" / name) for name in wanted}
    return {name: folder / name for name in wanted}


def named_as_nihs(in_places: Collection[str], wanted: Collection[str]) -> bool:
    """Return whether a cohort's image names are those of NIH's folders; otherwise they are paths.

    Args:
        in_places: Names of the images in NIH's folders, as a set or dictionary keys.
        wanted: Names of the images in the cohort.
    """
    # A cohort from your own table may have a folder `images` too, but no names that occur in NIH's.
    return any(name in in_places for name in wanted)


def leads_out(name: str) -> bool:
    """Return whether an image name in a cohort leads out of the image folder."""
    # Path.parts is not used: one Path per image costs seconds for millions of images.
    return name.startswith("/") or ".." in name.split("/")


def require_images(folder: Path, wanted: Collection[str]) -> dict[str, Path]:
    """Find the requested images in a folder.

    Returns:
        The path of each requested image, by file name.

    Raises:
        DataError: At least one image does not exist, or no longer exists.
    """
    found = locate_images(folder, wanted)
    gone = [name for name, path in found.items() if not path.is_file()]
    if gone:
        raise DataError(
            f"{len(gone):,} images of the cohort are not here, {gone[0]} for one",
            path=folder,
            remedy="Name the folder that the cohort was made from, or make the cohort anew.",
        )
    return found


def image_places(folder: Path) -> list[Path]:
    """Return the existing folders that are searched for images.

    Raises:
        DataError: The data folder does not exist.
    """
    if not folder.is_dir():
        raise DataError(
            "there is no such data folder", path=folder, remedy="Name the folder with the images with `data`."
        )
    candidates = [
        folder / "images",
        *sorted(folder.glob("images_*/images")),
        *sorted(folder.glob("images_*")),
    ]
    # Kaggle's copy in 224 px has a folder images-224 in another one of the same name.
    others = [*sorted(folder.glob("images-*/images-*")), *sorted(folder.glob("images-*"))]
    return [place for place in candidates if place.is_dir()] or [place for place in others if place.is_dir()]


def find_table(folder: Path) -> Path:
    """Return the folder's label table, or the copy in torchxrayvision if the folder has none.

    Raises:
        DataError: The folder does not exist, it has several tables with NIH's columns but none with NIH's
            name, or no table is found.
    """
    if not folder.is_dir():
        raise DataError(
            "there is no such data folder",
            path=folder,
            remedy="Name the folder with NIH's images with `data`.",
        )
    for name in TABLE_NAMES:
        if (folder / name).is_file():
            return folder / name
    others = other_tables(folder, None)
    if len(others) > 1:
        raise DataError(
            f"holds {len(others):,} tables with NIH's columns, {listed(path.name for path in others)}",
            path=folder,
            remedy=f"Name the one that is meant {TABLE_NAMES[0]}.",
        )
    if others:
        return others[0]
    shipped = shipped_table(NIH_TABLE)
    if shipped is not None:
        return shipped
    raise DataError(
        f"holds no label table ({' or '.join(TABLE_NAMES)})",
        path=folder,
        remedy="Put NIH's table there, or install torchxrayvision, which ships it.",
    )


def other_tables(folder: Path, used: Path | None) -> list[Path]:
    """Return the folder's other tables with NIH's columns, sorted by name."""
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name.lower().endswith((".csv", ".csv.gz", ".tsv"))
        and path != used
        and path.is_file()
        and _has_nihs_columns(columns_of(path))
    ]


def tell_choice(folder: Path, used: Path, tell: Tell) -> None:
    """Report which label table is read, where that is not obvious, and which others are ignored."""
    others = other_tables(folder, used)
    if used.parent != folder:
        tell(f"there is no label table in the folder: torchxrayvision's copy of NIH's is read ({used.name})")
    elif used.name not in TABLE_NAMES:
        tell(f"{shown(used.name)} is read as the label table, as it has NIH's columns")
    if others:
        tell(f"{listed(path.name for path in others)} has NIH's columns too and is not read")


def _has_nihs_columns(header: tuple[str, ...]) -> bool:
    there = {name.casefold() for name in header}
    return all(any(name.casefold() in there for name in names) for names in COLUMNS.values())


def check_file_names(folder: Path) -> list[Problem]:
    """Return files with names such as `data_entry_2017.csv` or `test_list (1).txt`, which are not read."""
    names = [entry.name for entry in entries_of(folder)]
    return [
        Problem(
            Kind.TABLE,
            "warning",
            shown(name),
            f"is not read under this name, expected '{meant}'",
            f"Rename it to {meant}, or move it elsewhere if it is a copy.",
        )
        for name in names
        if name not in (*_LOOKED_FOR, *KAGGLES_LISTS.values()) and (meant := _meant(name)) is not None
    ]


def _meant(name: str) -> str | None:
    bare = _bare(name)
    # The longest first: `Data_Entry_2017` is a prefix of `Data_Entry_2017_v2020`.
    for known in sorted(_LOOKED_FOR, key=len, reverse=True):
        stem, suffix = _bare(known).rsplit(".", 1)
        if bare.startswith(stem) and bare.endswith((suffix, suffix + ".gz", "xlsx", "xls")):
            return known
    return None


def _bare(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
