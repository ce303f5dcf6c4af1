"""Build a pack from images, with worker processes that write directly to the memory map."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cxrtune.errors import DataError, UnreadableImageError
from cxrtune.files import write_whole
from cxrtune.images.decode import read_radiograph
from cxrtune.images.decoding_worker import library_notes
from cxrtune.images.dicom import Allowance
from cxrtune.images.formats import is_deep
from cxrtune.images.preprocess import to_packed
from cxrtune.images.workers import Workers
from cxrtune.packs.pack import PIXELS, UNREADABLE
from cxrtune.recipe import PreprocessSpec

Row = tuple[int, Path]


@dataclass(frozen=True)
class Unreadable:
    """An image that could not be read, and the reason."""

    image: str
    reason: str


def build_pack(
    images: Mapping[str, Path],
    spec: PreprocessSpec,
    out: Path,
    *,
    workers: int,
    max_unreadable: float = 0.01,
    allow: frozenset[Allowance] = frozenset(),
    progress: Callable[[int], None] = lambda _: None,
    note: Callable[[str, Sequence[str]], None] = lambda _, __: None,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Unreadable]:
    """Decode images once and store them as `pixels.npy`, in the given order.

    An unreadable image leaves a blank row and a line in `unreadable.csv`; no other image takes its place.

    Args:
        images: The files of the images by name, in the cohort's order.
        spec: How radiographs are resized.
        out: The folder of the pack.
        workers: Number of decoding processes.
        max_unreadable: Largest accepted proportion of unreadable images, in [0, 1].
        allow: Kinds of DICOM files to accept that are otherwise rejected.
        progress: Called with the number of images done since the last call.
        note: Called with the name of an image and notes on its file.
        warn: Called with a message if decoding processes were killed.

    Returns:
        The unreadable images, in order.

    Raises:
        DataError: The proportion of unreadable images is larger than `max_unreadable`.
        OutputError: The pack cannot be written, for example because the disk is full.
        CxrtuneError: Decoding processes were killed repeatedly.
    """
    names, files = list(images), list(images.values())
    kind = np.dtype(np.float16 if any(is_deep(file) for file in files) else np.uint8)
    with write_whole(out / PIXELS) as written:
        _reserve(written, (len(files), spec.size, spec.size), kind)
        unreadable: list[Unreadable] = []
        with Workers(partial(_make_packer, written, spec, allow), workers, warn=warn) as decoders:
            for name, found in zip(names, decoders.read(enumerate(files)), strict=True):
                if isinstance(found, UnreadableImageError):
                    unreadable.append(Unreadable(name, found.reason))
                else:
                    note(name, found)
                progress(1)
        if len(unreadable) / len(files) > max_unreadable:
            raise DataError(
                _too_many(unreadable, len(files), max_unreadable),
                path=files[0].parent,
                remedy="Mend them, or allow more with `max_unreadable`.",
            )
        with (
            write_whole(out / UNREADABLE) as listing,
            listing.open("w", encoding="utf-8", newline="") as stream,
        ):
            writer = csv.writer(stream)
            writer.writerow(["image", "reason"])
            writer.writerows((entry.image, entry.reason) for entry in unreadable)
    return unreadable


def _reserve(path: Path, shape: tuple[int, int, int], kind: np.dtype[Any]) -> None:
    """Create the array and allocate its disk space: a full disk would cause a bus error in a memory map."""
    pixels = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
    del pixels
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)


def _make_packer(
    target: Path, spec: PreprocessSpec, allow: frozenset[Allowance]
) -> Callable[[Row], tuple[str, ...]]:
    """Return the function of a decoding process: decode a file into its row, and return notes on the file."""
    pixels: np.memmap[tuple[int, int, int], np.dtype[Any]] = np.load(target, mmap_mode="r+")

    def pack(item: Row) -> tuple[str, ...]:
        row, path = item
        radiograph = read_radiograph(path, allow)
        image = to_packed(radiograph, spec)
        if not np.can_cast(image.dtype, pixels.dtype):
            raise UnreadableImageError("has become an image of more than 8 bits while the pack was made")
        pixels[row] = image
        return (*radiograph.notes, *library_notes())

    return pack


def _too_many(unreadable: list[Unreadable], total: int, allowed: float) -> str:
    examples = "; ".join(f"{entry.image}: {entry.reason}" for entry in unreadable[:3])
    return f"{len(unreadable):,} of {total:,} images are unreadable, more than {allowed:.1%} ({examples}" + (
        "; ...)" if len(unreadable) > 3 else ")"
    )
