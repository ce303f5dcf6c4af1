"""Images -> pack, in worker processes that write straight into the memory map."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cxrtune.errors import DataError, UnreadableImageError
from cxrtune.files import write_whole
from cxrtune.images.decode import read_radiograph
from cxrtune.images.decoding_pool import decoding_pool
from cxrtune.images.depth import is_deep
from cxrtune.images.preprocess import to_packed
from cxrtune.packs.pack import PIXELS, UNREADABLE
from cxrtune.recipe import PreprocessSpec

_CHUNK = 32  # images a task: large enough that handing over costs nothing, small enough for a smooth bar


@dataclass(frozen=True)
class Unreadable:
    """An image that gave no radiograph, and why."""

    image: str
    reason: str


def build_pack(
    images: Mapping[str, Path],
    spec: PreprocessSpec,
    out: Path,
    *,
    workers: int,
    max_unreadable: float = 0.01,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Unreadable]:
    """Decode images once and store them as `pixels.npy`, in the order given.

    An unreadable image leaves a blank row and a line in `unreadable.csv`; no other image takes its place.

    Args:
        images: The images' files by name, in the cohort's order.
        spec: How a radiograph is brought to size.
        out: The pack's folder.
        workers: Number of decoding processes.
        max_unreadable: Largest share of unreadable images that is put up with, in [0, 1].
        progress: Called with the number of images done since the last call.

    Returns:
        The unreadable images, in order.

    Raises:
        DataError: More than `max_unreadable` are unreadable.
        OutputError: The pack cannot be written, as when the disk is full.
        CxrtuneError: A worker was killed.
    """
    names, files = list(images), list(images.values())
    kind = np.dtype(np.float16 if any(is_deep(file) for file in files) else np.uint8)
    with write_whole(out / PIXELS) as partial:
        _reserve(partial, (len(files), spec.size, spec.size), kind)
        failed = _decode_all(files, spec, partial, workers, progress)
        unreadable = [Unreadable(names[row], failed[row]) for row in sorted(failed)]
        if len(unreadable) / len(files) > max_unreadable:
            raise DataError(
                _too_many(unreadable, len(files), max_unreadable),
                path=files[0].parent,
                remedy="Mend them, or allow more with --max-unreadable.",
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
    """Create the array and claim its space now: a full disk under a memory map would be a bus error."""
    pixels = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
    del pixels
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)


def _decode_all(
    files: Sequence[Path], spec: PreprocessSpec, target: Path, workers: int, progress: Callable[[int], None]
) -> dict[int, str]:
    failed: dict[int, str] = {}
    with decoding_pool(workers, _open_target, (target, spec)) as pool:
        chunks = [range(start, min(start + _CHUNK, len(files))) for start in range(0, len(files), _CHUNK)]
        tasks = {
            pool.submit(_decode_chunk, rows.start, [files[row] for row in rows]): rows for rows in chunks
        }
        for task in as_completed(tasks):
            failed.update(task.result())
            progress(len(tasks[task]))
    return failed


_target: np.memmap[tuple[int, int, int], np.dtype[Any]]
_spec: PreprocessSpec


def _open_target(target: Path, spec: PreprocessSpec) -> None:
    # A worker's two fixtures live as long as the process: that is what an initializer is for.
    global _target, _spec
    _target, _spec = np.load(target, mmap_mode="r+"), spec


def _decode_chunk(first: int, files: list[Path]) -> dict[int, str]:
    failed = {}
    for row, path in enumerate(files, start=first):
        try:
            picture = to_packed(read_radiograph(path), _spec)
        except UnreadableImageError as error:
            failed[row] = error.reason
            continue
        if not np.can_cast(picture.dtype, _target.dtype):
            failed[row] = "has become a picture of more than 8 bits while the pack was made"
            continue
        _target[row] = picture
    return failed


def _too_many(unreadable: list[Unreadable], total: int, allowed: float) -> str:
    examples = "; ".join(f"{entry.image}: {entry.reason}" for entry in unreadable[:3])
    return f"{len(unreadable):,} of {total:,} images are unreadable, more than {allowed:.1%} ({examples}" + (
        "; ...)" if len(unreadable) > 3 else ")"
    )
