"""Decoding of image files of any supported kind to radiographs.

The structure of a PNG, JPEG or TIFF file is checked first, by code that allocates nothing, so that damaged or
hostile files are refused before a C library is called. OpenCV decodes PNG and JPEG: on NIH's own files it
takes 0.83 of Pillow's time (`benchmarks/decode.py`). DICOM is decoded in its own package, `images/dicom/`.
"""

from __future__ import annotations

import importlib
import io
import os
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from PIL import Image

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom import Allowance, decode_dicom
from cxrtune.images.formats import DICOM_SUFFIXES, HEAD, RASTER_SUFFIXES, Kind, kind_of, not_read
from cxrtune.images.held_warnings import held_warnings
from cxrtune.images.jpeg import BASELINE, EXTENDED, JPEG_LS, LOSSLESS, PROGRESSIVE, Jpeg, read_jpeg
from cxrtune.images.png import GREY, read_png, wrong_checksum
from cxrtune.images.radiograph import MAX_PIXELS, Pixels, Radiograph, check_size
from cxrtune.images.tiff import PALETTE, WHITE_IS_ZERO, read_tiff

MAX_BYTES = 1 << 30
"""Larger than the file of any radiograph; larger files are refused before they fill the memory."""

_OWN_NAME: dict[Kind, str] = {"PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "DICOM": ".dcm"}


def read_radiograph(path: Path, allow: frozenset[Allowance] = frozenset()) -> Radiograph:
    """Read and decode one file.

    A file with the suffix of a raster format but DICOM content, or vice versa, is refused, since one of the
    two is a mistake. Other suffixes are ignored.

    Args:
        path: Path of the file.
        allow: Kinds of DICOM files that are accepted although they are refused by default.

    Raises:
        UnreadableImageError: The file cannot be read, does not match its suffix, or is not a radiograph.
    """
    try:
        with path.open("rb") as file:
            # Checked before reading: a read of at most so many bytes would allocate that much memory at once.
            fits = os.fstat(file.fileno()).st_size <= MAX_BYTES
            data = file.read() if fits else b""
    except OSError as error:
        raise UnreadableImageError(
            f"cannot be read: {(error.strerror or 'unknown cause').lower()}", path=path
        ) from error
    try:
        if not fits:
            raise UnreadableImageError(f"is longer than {MAX_BYTES:,} bytes")
        _check_name(path.suffix.lower(), kind_of(data[:HEAD]))
        return decode_radiograph(data, allow)
    except UnreadableImageError as error:
        raise UnreadableImageError(error.reason, path=path) from error


def decode_radiograph(
    data: bytes, allow: frozenset[Allowance] = frozenset(), max_pixels: int = MAX_PIXELS
) -> Radiograph:
    """Decode a PNG, JPEG, TIFF or DICOM file; its content decides the kind.

    Args:
        data: The bytes of the file.
        allow: Kinds of DICOM files that are accepted although they are refused by default.
        max_pixels: Maximum number of pixels; a header that claims more is refused before decoding.

    Raises:
        UnreadableImageError: The file is of another kind or is not a radiograph.
    """
    kind = kind_of(data[:HEAD])
    if kind is None:
        raise UnreadableImageError(not_read(data[:HEAD]))
    if kind == "DICOM":
        return decode_dicom(data, allow, max_pixels)
    return decode_raster(data, kind, max_pixels)


def _check_name(suffix: str, kind: Kind | None) -> None:
    names = RASTER_SUFFIXES if kind == "DICOM" else DICOM_SUFFIXES
    if kind is not None and suffix in names:
        raise UnreadableImageError(
            f"is a {kind} file, but its name ends in {suffix}: rename it to end in {_OWN_NAME[kind]}"
        )


def decode_raster(data: bytes, kind: Kind, max_pixels: int = MAX_PIXELS) -> Radiograph:
    """Decode a PNG, JPEG or TIFF file.

    8-bit and 16-bit grey values are unchanged; 1, 2, 4 and 12 bits are scaled to 8 and 16. Colour images,
    including those with a palette, are converted to luma (ITU-R BT.601; equal channels keep their exact
    value). An alpha channel must be opaque. The orientation tag of EXIF is ignored. For an animated PNG, the
    default image is used. PNG has checksums, so every flipped bit in its pixels is detected; JPEG and TIFF
    have none.

    Args:
        data: The bytes of the file.
        kind: PNG, JPEG or TIFF.
        max_pixels: Maximum number of pixels; a header that claims more is refused.

    Raises:
        UnreadableImageError: The file is damaged, of an unsupported kind, or has too many pixels.
    """
    decode = {"PNG": _png, "JPEG": _jpeg, "TIFF": _tiff}[kind]
    return Radiograph(decode(data, max_pixels))


def _png(data: bytes, max_pixels: int) -> Pixels:
    png = read_png(data)
    check_size(png.width, png.height, max_pixels)
    # OpenCV applies a transparent colour (PNG's tRNS chunk), but not a transparent grey value.
    if png.transparency and png.colour == GREY:
        raise UnreadableImageError("declares one grey value transparent; what is behind it is not known")
    pixels = _by_opencv(png.data)
    if pixels is None:
        damaged = wrong_checksum(png.data)
        why = (
            f"the checksum of its {damaged} chunk is wrong"
            if damaged
            else "its compressed pixels are damaged"
        )
        raise UnreadableImageError(f"cannot be decoded: {why}")
    return _grey(pixels)


def _jpeg(data: bytes, max_pixels: int) -> Pixels:
    jpeg = read_jpeg(data)
    check_size(jpeg.columns, jpeg.rows, max_pixels)
    if jpeg.process == LOSSLESS or (jpeg.process == EXTENDED and jpeg.precision > 8):
        return _deep_jpeg(data, jpeg)
    if jpeg.process not in (BASELINE, EXTENDED, PROGRESSIVE) or jpeg.precision != 8:
        what = (
            f"SOF{jpeg.process - BASELINE}, {jpeg.precision} bits" if jpeg.process != JPEG_LS else "JPEG-LS"
        )
        raise UnreadableImageError(f"is a JPEG of a kind that is not read ({what})")
    pixels = _by_opencv(data)
    if pixels is None:
        raise UnreadableImageError(_reason(data))
    return _grey(pixels)


def _deep_jpeg(data: bytes, jpeg: Jpeg) -> Pixels:
    """Decode a grey JPEG that is lossless or has 12 bits; scale its precision to 8 or 16 bits."""
    if jpeg.samples != 1:
        raise UnreadableImageError(f"is a lossless or 12-bit JPEG of {jpeg.samples} samples per pixel, not 1")
    if not jpeg.ended:
        raise UnreadableImageError("is truncated: the JPEG's end is missing")
    # Imported here: few files need it.
    decode = importlib.import_module("libjpeg").decode
    try:
        samples = decode(data)
    except (RuntimeError, ValueError, OSError, TypeError) as error:
        raise UnreadableImageError("cannot be decoded: its compressed pixels are damaged") from error
    if samples.shape != (jpeg.rows, jpeg.columns) or samples.dtype not in (np.uint8, np.uint16):
        raise UnreadableImageError("is damaged: its pixels decode to another size than claimed")
    kind, most = (np.uint8 if jpeg.precision <= 8 else np.uint16), (1 << jpeg.precision) - 1
    white = np.iinfo(kind).max
    spread = np.rint(np.arange(most + 1) * (white / most)).astype(kind)
    return cast(Pixels, spread[np.minimum(samples, most)])


def _tiff(data: bytes, max_pixels: int) -> Pixels:
    tiff = read_tiff(data)
    check_size(tiff.width, tiff.height, max_pixels)
    # OpenCV cannot read tiles with 8 bits, and Pillow does not support colours with 16 bits.
    pixels = _tiff_by_pillow(data, tiff.photometric) if tiff.bits == 8 else _by_opencv(data)
    if pixels is None or pixels.shape[:2] != (tiff.height, tiff.width):
        raise UnreadableImageError("cannot be decoded: the TIFF's pixels are damaged")
    if tiff.photometric == WHITE_IS_ZERO and tiff.bits == 16:
        # Pillow has inverted it already; OpenCV leaves samples as they are stored.
        pixels = 65535 - pixels
    return _grey(pixels)


def _tiff_by_pillow(data: bytes, photometric: int) -> Pixels | None:
    try:
        with held_warnings("PIL"), Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
            pixels = np.asarray(image.convert("RGB") if photometric == PALETTE else image)
    except MemoryError:  # reported by the decoding process, with its limit
        raise
    except Exception:  # a damaged field may raise anything
        return None
    if pixels.dtype != np.uint8:
        return None
    # To OpenCV's channel order, like images that OpenCV decodes.
    return cast(Pixels, pixels if pixels.ndim == 2 else pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]])


def _by_opencv(data: bytes) -> Pixels | None:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise UnreadableImageError("cannot be decoded: its header is beyond what OpenCV reads") from error
    return cast(Pixels | None, pixels)


def _reason(data: bytes) -> str:
    try:
        with held_warnings("PIL"), Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        return f"cannot be decoded: {error}"
    return "cannot be decoded"


def _grey(pixels: Pixels) -> Pixels:
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] == 4 and (pixels[..., 3] != np.iinfo(pixels.dtype).max).any():
        raise UnreadableImageError("is partly transparent; what is behind it is not known")
    code = cv2.COLOR_BGRA2GRAY if pixels.shape[2] == 4 else cv2.COLOR_BGR2GRAY
    return cast(Pixels, cv2.cvtColor(np.ascontiguousarray(pixels), code))
