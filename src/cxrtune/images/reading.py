"""A source -> what the engine and the checks need of it; and the same in a decoding process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from cxrtune.images.decode import decode_radiograph, read_radiograph
from cxrtune.images.decoding_worker import library_notes
from cxrtune.images.dicom import Allowance
from cxrtune.images.preprocess import Packed, to_packed
from cxrtune.images.radiograph import MAX_PIXELS, Radiograph
from cxrtune.recipe import PreprocessSpec

Reader = Callable[[Path | bytes], "Reading"]
"""Reads a file's path, or a file's bytes."""


@dataclass(frozen=True)
class Appearance:
    """Size and contrast of an image.

    Attributes:
        height: Of the radiograph, in pixels.
        width: Of the radiograph, in pixels.
        contrast: Grey values of 255 between the 1st and the 99th percentile of what the network sees.
    """

    height: int
    width: int
    contrast: float


@dataclass(frozen=True)
class Reading:
    """An image that was read but not yet scored.

    Attributes:
        packed: uint8 or float16 (S, S), what the network will see.
        appearance: What the cheap checks look at.
        radiograph: As it was decoded; None where only scores are wanted.
        notes: What was peculiar about the file, and what libraries said of it.
    """

    packed: Packed
    appearance: Appearance
    radiograph: Radiograph | None
    notes: tuple[str, ...] = ()


def reading_of(radiograph: Radiograph, spec: PreprocessSpec, *, whole: bool = True) -> Reading:
    """Bring a radiograph to the network's size.

    Args:
        radiograph: As it was decoded.
        spec: How it is brought to size.
        whole: Keep the radiograph beside it.
    """
    packed = to_packed(radiograph, spec)
    return Reading(packed, appearance_of(radiograph, packed), radiograph if whole else None)


def reader(
    spec: PreprocessSpec,
    allow: frozenset[Allowance] = frozenset(),
    *,
    whole: bool,
    max_pixels: int = MAX_PIXELS,
) -> Callable[[], Reader]:
    """Return what makes a reader in a decoding process.

    Args:
        spec: How a radiograph is brought to size.
        allow: What is let in of DICOM that is refused otherwise.
        whole: Keep the radiograph, which costs its transport between the processes.
        max_pixels: A header that claims more is refused.
    """
    return partial(_make_reader, spec, allow, whole, max_pixels)


def _make_reader(spec: PreprocessSpec, allow: frozenset[Allowance], whole: bool, max_pixels: int) -> Reader:
    def read(source: Path | bytes) -> Reading:
        if isinstance(source, bytes):
            radiograph = decode_radiograph(source, allow, max_pixels)
        else:
            radiograph = read_radiograph(source, allow)
        found = reading_of(radiograph, spec, whole=whole)
        notes = (*radiograph.notes, *library_notes())
        return Reading(found.packed, found.appearance, found.radiograph, notes)

    return read


def appearance_of(radiograph: Radiograph, packed: Packed) -> Appearance:
    """Measure an image.

    Args:
        radiograph: As it was decoded.
        packed: uint8 or float16 (S, S), what the network will see.
    """
    height, width = radiograph.pixels.shape
    low, high = np.percentile(packed, (1, 99))
    return Appearance(height, width, float(high - low))
