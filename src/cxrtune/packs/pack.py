"""A pack on disk, opened for reading."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxrtune.errors import DataError, StaleInputError
from cxrtune.images.preprocess import Packed
from cxrtune.provenance import read_record, record_path
from cxrtune.recipe import PreprocessSpec

PIXELS = "pixels.npy"
UNREADABLE = "unreadable.csv"


@dataclass(frozen=True)
class Pack:
    """The pixels of a cohort.

    Attributes:
        pixels: uint8 or float16 (N, S, S), grey values in [0, 255], memory-mapped, in the cohort's order;
            float16 if any image has more than 8 bits.
        readable: bool (N,); if False, the row is blank and must not be used.
        spec: How the images were resized to S.
    """

    pixels: Packed
    readable: NDArray[np.bool_]
    spec: PreprocessSpec


def open_pack(folder: Path, images: NDArray[np.object_]) -> Pack:
    """Open the pack of a cohort.

    Args:
        folder: The pack.
        images: object (N,), the cohort's image names; the pack must contain exactly these, in this order.

    Raises:
        DataError: The folder contains no pack, or the pack is damaged.
        StaleInputError: The pack was made from another cohort.
    """
    if not (folder / PIXELS).is_file() or not record_path(folder).is_file():
        raise DataError(
            "there is no pack here",
            path=folder,
            remedy="Make one with: `cxrtune.experiment.pack cohort=FILE data=DIR out=DIR`",
        )
    record = read_record(record_path(folder))
    pixels, unreadable = _read(folder)
    if len(pixels) != len(images) or record.counts.get("images_sha256") != names_hash(images):
        raise StaleInputError(
            f"this pack was made from another cohort ({len(pixels):,} images; this one has {len(images):,})",
            path=folder,
            remedy="Pack this cohort with: `cxrtune.experiment.pack cohort=FILE data=DIR out=DIR`",
        )
    readable = np.array([name not in unreadable for name in images], dtype=bool)
    return Pack(pixels, readable, PreprocessSpec.model_validate(record.settings["preprocess"]))


def _read(folder: Path) -> tuple[Packed, set[str]]:
    try:
        pixels = np.load(folder / PIXELS, mmap_mode="r")
        with (folder / UNREADABLE).open(encoding="utf-8", newline="") as stream:
            unreadable = {row["image"] for row in csv.DictReader(stream)}
    except (ValueError, OSError, EOFError, KeyError) as error:
        raise DataError(
            f"this pack is damaged: {(str(error).splitlines() or ['unknown cause'])[0]}",
            path=folder,
            remedy="Remove the folder and make it anew with:"
            " `cxrtune.experiment.pack cohort=FILE data=DIR out=DIR`",
        ) from error
    return pixels, unreadable


def names_hash(images: NDArray[np.object_]) -> str:
    """Return the SHA-256 of an ordered list of image names."""
    return hashlib.sha256("\n".join(images).encode()).hexdigest()
