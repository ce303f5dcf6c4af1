"""Open every image: check that it can be decoded, and record its size, mode and pixel hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import read_radiograph
from cxrtune.images.decoding_worker import library_notes
from cxrtune.images.dicom import Allowance
from cxrtune.images.formats import HEAD, kind_of
from cxrtune.images.jpeg import read_frame_header
from cxrtune.images.png import GREY, GREY_ALPHA, PALETTE, RGB, RGBA, read_png
from cxrtune.images.workers import Workers

_GREY_MODES = {1: "1", 16: "I;16"}
_PNG_MODES = {RGB: "RGB", PALETTE: "P", GREY_ALPHA: "LA", RGBA: "RGBA"}


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """Result of checking an image.

    Attributes:
        fault: Why it cannot be used as a radiograph, or None; if set, the other fields are empty.
        width: Width in pixels.
        height: Height in pixels.
        mode: Image mode if it is not 8-bit grey, such as `RGBA`; otherwise None.
        is_grey: Whether all channels are equal, so that conversion to grey loses nothing.
        digest: Hash of the grey pixels and their shape; equal pixels have equal digests in any file format.
        notes: Peculiarities of the file, and warnings of the libraries that read it.
    """

    fault: str | None = None
    width: int = 0
    height: int = 0
    mode: str | None = None
    is_grey: bool = True
    digest: bytes = b""
    notes: tuple[str, ...] = ()


def look_at_all(
    paths: Mapping[str, Path],
    workers: int,
    progress: Callable[[int], None],
    allow: frozenset[Allowance] = frozenset(),
) -> dict[str, CheckedImage]:
    """Decode images in parallel processes.

    Args:
        paths: Paths of the images, by name.
        workers: Number of decoding processes.
        progress: Called with the number of images decoded since the last call.
        allow: DICOM properties that are accepted although they are rejected by default.

    Raises:
        CxrtuneError: Decoding processes were killed repeatedly.
    """
    seen: dict[str, CheckedImage] = {}
    if not paths:
        return seen
    with Workers(partial(_make_looker, allow), workers) as decoders:
        for name, found in zip(paths, decoders.read(paths.values()), strict=True):
            seen[name] = (
                CheckedImage(fault=found.reason) if isinstance(found, UnreadableImageError) else found
            )
            progress(1)
    return seen


def _make_looker(allow: frozenset[Allowance]) -> Callable[[Path], CheckedImage]:
    return partial(_look_at, allow=allow)


def _look_at(path: Path, allow: frozenset[Allowance]) -> CheckedImage:
    radiograph = read_radiograph(path, allow)
    pixels, notes = radiograph.pixels, (*radiograph.notes, *library_notes())
    mode, is_grey = _mode(path.read_bytes())
    digest = hashlib.blake2b(f"{pixels.dtype.str}{pixels.shape}".encode(), digest_size=16)
    digest.update(pixels.tobytes())
    return CheckedImage(None, pixels.shape[1], pixels.shape[0], mode, is_grey, digest.digest(), notes)


def _mode(data: bytes) -> tuple[str | None, bool]:
    """Return Pillow's name of the mode if it is not 8-bit grey, and whether all channels are equal."""
    match kind_of(data[:HEAD]):
        case "PNG":
            png = read_png(data)
            mode = _GREY_MODES.get(png.depth) if png.colour == GREY else _PNG_MODES[png.colour]
            return mode, png.colour in (GREY, GREY_ALPHA) or _are_equal(png.data)
        case "JPEG":
            samples = read_frame_header(data).samples
            return (None, True) if samples == 1 else ("CMYK" if samples == 4 else "RGB", _are_equal(data))
        case _:
            return None, True


def _are_equal(data: bytes) -> bool:
    colours = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if colours is None or colours.ndim == 2:
        return True
    return bool((colours[..., 1:3] == colours[..., :1]).all())
