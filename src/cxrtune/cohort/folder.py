"""Where a data folder keeps the images that its table names."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from cxrtune.errors import DataError
from cxrtune.images.discover import Role, search

LOOKED_IN = "images/, images_0NN/images/ and images-224/images-224/"
"""Where images of NIH are looked for, in words."""


def image_files(folder: Path) -> dict[str, Path]:
    """Find the images of a folder, in `images/`, in `images_0NN/images/` or in `images-224/images-224/`.

    Args:
        folder: The data folder.

    Returns:
        The path of each image, by file name.

    Raises:
        DataError: There are no images, or two of the same name.
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
    """Say where the images of a cohort are: in NIH's folders by name, else by their path in the folder.

    Args:
        folder: The data folder.
        wanted: The images' names in the cohort.

    Returns:
        The path of each wanted image; there may be no file.

    Raises:
        DataError: The folder does not exist, or a name leads out of it.
    """
    # A cohort of one's own may have a folder `images` too, with nothing in it that NIH's would have.
    found = _in_places(folder)
    if not found.keys().isdisjoint(wanted):
        return {name: found.get(name, folder / "images" / name) for name in wanted}
    leaving = next(filter(leads_out, wanted), None)
    if leaving is not None:
        raise DataError(
            f"the cohort names an image outside this folder: {leaving}",
            path=folder,
            remedy="Make the cohort anew with: `cxrtune.experiment.cohort`",
        )
    return {name: folder / name for name in wanted}


def leads_out(name: str) -> bool:
    """Return whether an image's name in a cohort leads out of the folder of images."""
    # Not a Path's own test of parts: a Path an image costs seconds on millions.
    return name.startswith("/") or ".." in name.split("/")


def require_images(folder: Path, wanted: Collection[str]) -> dict[str, Path]:
    """Find the wanted images of a folder.

    Returns:
        The path of each wanted image, by file name.

    Raises:
        DataError: At least one is not there (any more).
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
    """Return the folders that images are looked for in, those that are there.

    Raises:
        DataError: There is no such data folder.
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
    # Kaggle's copy of 224 px has a folder images-224 in one of the same name.
    others = [*sorted(folder.glob("images-*/images-*")), *sorted(folder.glob("images-*"))]
    return [place for place in candidates if place.is_dir()] or [place for place in others if place.is_dir()]
