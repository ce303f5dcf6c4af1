"""Which library decodes a compressed frame: one entry per transfer syntax.

All decoders are written in C or C++. The header of a code stream is compared with that of the data set before
a decoder is called, so that none allocates memory based on a damaged stream. tests/images/test_images_fuzz.py
runs them on damaged frames.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from cxrtune.errors import UnreadableImageError
from cxrtune.images import jpeg
from cxrtune.images.dicom.codestream import (
    DCT,
    JPEG_LS,
    LOSSLESS,
    CodeStream,
    check_jpeg2000,
    jpeg2000_stream,
    jpeg_stream,
)

Samples = NDArray[np.uint8] | NDArray[np.uint16]

_END = b"\xff\xd9"
_ALL_COEFFICIENTS = bytes([0, 63, 0])  # first and last coefficient, no successive approximation


@dataclass(frozen=True)
class Codec:
    """How frames in one compression format are decoded.

    Attributes:
        stream: Reads the header of the code stream.
        check: Refuses a code stream whose structure is too expensive to decode; called before the decoder.
        processes: JPEG processes that it may contain; empty for formats without processes.
        plugin: pydicom's name of the library for a stream of this precision.
        decode: The decoder: code stream -> samples (H, W), grey.
        may_overshoot: Whether values beyond the stored bits are the overshoot of a lossy decoder and are
            valid; otherwise bits above the stored ones have no meaning (PS3.5 8.1.1).
    """

    stream: Callable[[bytes], CodeStream]
    check: Callable[[bytes], None]
    processes: frozenset[int]
    plugin: Callable[[int], str]
    decode: Callable[[CodeStream], Samples]
    may_overshoot: bool


def _package(module: str, package: str) -> Any:
    # Typed as Any: none of the decoders includes type annotations.
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UnreadableImageError(
            f"is compressed in a way that needs the package {package}, which is not installed"
        ) from error


def _dct_stream(data: bytes) -> CodeStream:
    """Read the header of a DCT stream, and correct the coefficient range of its scans.

    In a sequential process, a scan has all 64 coefficients (ITU-T T.81, B.2.3, table B.3). Some encoders
    write 0 for the last one; decoders derived from the IJG's ignore that, but libjpeg refuses it.
    """
    stream = jpeg_stream(data)
    if stream.process == jpeg.PROGRESSIVE:
        return stream
    scans = [position for marker, position, _ in jpeg.segments(data) if marker == jpeg.SCAN]
    # Marker, length and number of components; two bytes per component.
    places = [position + 5 + 2 * data[position + 4] for position in scans]
    if all(data[place : place + 3] == _ALL_COEFFICIENTS for place in places):
        return stream
    corrected = bytearray(data)
    for place in places:
        corrected[place : place + 3] = _ALL_COEFFICIENTS
    return replace(stream, data=bytes(corrected))


def _jpeg(stream: CodeStream) -> Samples:
    if stream.precision != 8:
        return _libjpeg(stream)
    with Image.open(io.BytesIO(stream.data), formats=("JPEG",)) as image:
        return np.asarray(image)


def _libjpeg(stream: CodeStream) -> Samples:
    return cast(Samples, _package("libjpeg", "pylibjpeg-libjpeg").decode(stream.data))


def _charls(stream: CodeStream) -> Samples:
    # For a stream without an end marker, the decoder takes five seconds to report it. Data after the marker
    # is padding; the two bytes cannot occur within the samples (ITU-T T.87, A.1).
    end = stream.data.rfind(_END)
    if end < 0:
        raise UnreadableImageError("is truncated: the end of its JPEG-LS pixels is missing")
    decoded, _ = _without_zeros(stream.data[:end], _package("jpeg_ls", "pyjpegls").decode_buffer)
    kind = np.uint8 if stream.precision <= 8 else np.dtype("<u2")
    return cast(Samples, np.frombuffer(decoded, kind).reshape(stream.rows, stream.columns))


def _without_zeros(data: bytes, decode: Callable[[bytes], Any]) -> Any:
    """Decode a JPEG-LS stream; remove the zero bytes before its end if CharLS refuses it with them.

    Some encoders write such bytes. The first one or two may belong to the samples; CharLS refuses a stream
    without them.
    """
    core = data.rstrip(b"\0")
    zeros = len(data) - len(core)
    for attempt in (zeros, *range(min(zeros, 3))):
        try:
            return decode(core + bytes(attempt) + _END)
        except RuntimeError as error:
            refusal = error
    raise refusal


def _openjpeg(stream: CodeStream) -> Samples:
    decoded = _package("openjpeg", "pylibjpeg-openjpeg").decode(stream.data, j2k_format=0)
    # Signed samples are returned as signed; only their bits are needed here.
    return cast(Samples, decoded.view(f"<u{decoded.itemsize}"))


def require_memory(samples: int) -> None:
    """Raise if memory is short: decoders raise the same error for lack of memory and for damage.

    Args:
        samples: Number of samples of the frame; a decoder takes six bytes or more for each.

    Raises:
        MemoryError: That much memory is not available.
    """
    np.empty(6 * samples, np.uint8)  # allocated, but never touched


def _unchecked(data: bytes) -> None:
    """Check nothing."""


_DCT = Codec(_dct_stream, _unchecked, DCT, lambda bits: "pillow" if bits == 8 else "pylibjpeg", _jpeg, True)
_LOSSLESS = Codec(jpeg_stream, _unchecked, LOSSLESS, lambda bits: "pylibjpeg", _libjpeg, False)
_JPEG_LS = Codec(jpeg_stream, _unchecked, JPEG_LS, lambda bits: "pyjpegls", _charls, False)
_JPEG2000 = Codec(jpeg2000_stream, check_jpeg2000, frozenset(), lambda bits: "pylibjpeg", _openjpeg, True)

CODECS: Mapping[str, Codec] = {
    # PS3.5 8.2.1, A.4.1
    JPEGBaseline8Bit: _DCT,
    JPEGExtended12Bit: _DCT,
    JPEGLossless: _LOSSLESS,
    JPEGLosslessSV1: _LOSSLESS,
    # PS3.5 8.2.3, A.4.3
    JPEGLSLossless: _JPEG_LS,
    JPEGLSNearLossless: _JPEG_LS,
    # PS3.5 8.2.4, A.4.4
    JPEG2000Lossless: _JPEG2000,
    JPEG2000: _JPEG2000,
}
