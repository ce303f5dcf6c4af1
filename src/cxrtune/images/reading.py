"""Image source -> input of the engine and of the quality checks, also in a decoding process."""

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
"""Reads a file given by its path or its bytes."""


@dataclass(frozen=True)
class Appearance:
    """Size and contrast of an image.

    Attributes:
        height: Height of the radiograph, in pixels.
        width: Width of the radiograph, in pixels.
        contrast: Difference of the 99th and the 1st percentile of the network's input, in grey values of 255.
    """

    height: int
    width: int
    contrast: float


@dataclass(frozen=True)
class Reading:
    """An image that has been read but not yet scored.

    Attributes:
        packed: uint8 or float16 (S, S), the image that the network receives.
        appearance: What the inexpensive quality checks examine.
        radiograph: The decoded radiograph; None if only scores are needed.
        notes: Peculiarities of the file, and messages of libraries about it.
    """

    packed: Packed
    appearance: Appearance
    radiograph: Radiograph | None
    notes: tuple[str, ...] = ()


def reading_of(radiograph: Radiograph, spec: PreprocessSpec, *, whole: bool = True) -> Reading:
    """Resize a radiograph to the input size of the network.

    Args:
        radiograph: The decoded radiograph.
        spec: The preprocessing of the model.
        whole: Whether to keep the radiograph.
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
    """Return a factory of readers, for use in a decoding process.

    Args:
        spec: The preprocessing of the model.
        allow: Kinds of DICOM files that are accepted although they are refused by default.
        whole: Whether to keep the radiograph, which must then be copied between the processes.
        max_pixels: Maximum number of pixels; a header that claims more is refused.
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
    """Measure size and contrast of an image.

    Args:
        radiograph: The decoded radiograph.
        packed: uint8 or float16 (S, S), the image that the network receives.
    """
    height, width = radiograph.pixels.shape
    low, high = np.percentile(packed, (1, 99))
    return Appearance(height, width, float(high - low))
