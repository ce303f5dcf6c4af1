"""Every image opened: whether it gives a radiograph, its size, its mode, and what its pixels hash to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import read_radiograph
from cxrtune.images.decoders import Decoders
from cxrtune.images.dicom import Allowance
from cxrtune.images.held_warnings import held_warnings

_RASTER = frozenset({".png", ".jpg", ".jpeg"})


@dataclass(frozen=True, slots=True)
class Picture:
    """What an image turned out to be.

    Attributes:
        fault: Why it gives no radiograph, or None; the rest is empty then.
        width: Pixels.
        height: Pixels.
        mode: What it is if not 8-bit grey, such as `RGBA`; else None.
        is_grey: Whether all channels are equal, so that nothing is lost by reading it as grey.
        digest: Of its grey pixels and their shape; equal pixels give equal digests whatever the file.
    """

    fault: str | None = None
    width: int = 0
    height: int = 0
    mode: str | None = None
    is_grey: bool = True
    digest: bytes = b""


def look_at_all(
    paths: Mapping[str, Path],
    workers: int,
    progress: Callable[[int], None],
    allow: frozenset[Allowance] = frozenset(),
) -> dict[str, Picture]:
    """Decode images in decoding processes.

    Args:
        paths: Where the images are, by name.
        workers: Number of processes.
        progress: Called with the number of images done since the last call.
        allow: What is let in of DICOM that is refused otherwise.

    Raises:
        CxrtuneError: Processes were killed again and again.
    """
    seen: dict[str, Picture] = {}
    if not paths:
        return seen
    with Decoders(partial(_make_looker, allow), workers) as decoders:
        for name, found in zip(paths, decoders.read(paths.values()), strict=True):
            seen[name] = Picture(fault=found.reason) if isinstance(found, UnreadableImageError) else found
            progress(1)
    return seen


def _make_looker(allow: frozenset[Allowance]) -> Callable[[Path], Picture]:
    return partial(_look_at, allow=allow)


def _look_at(path: Path, allow: frozenset[Allowance]) -> Picture:
    pixels = read_radiograph(path, allow).pixels
    mode, is_grey = _mode(path) if path.suffix.lower() in _RASTER else (None, True)
    digest = hashlib.blake2b(f"{pixels.dtype.str}{pixels.shape}".encode(), digest_size=16)
    digest.update(pixels.tobytes())
    return Picture(None, pixels.shape[1], pixels.shape[0], mode, is_grey, digest.digest())


def _mode(path: Path) -> tuple[str | None, bool]:
    with held_warnings("PIL"), Image.open(path, formats=("PNG", "JPEG")) as header:
        mode = header.mode
    if mode == "L":
        return None, True
    if mode in ("1", "I", "I;16", "LA"):
        return mode, True
    colours = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if colours is None or colours.ndim == 2:
        return mode, True
    first = colours[..., :1]
    return mode, bool((colours[..., 1:3] == first).all())
