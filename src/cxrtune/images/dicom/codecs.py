"""Which library decodes a compressed frame: a table a transfer syntax.

Every decoder is C or C++; what stands in a code stream's own header is compared with the data set's before
one is called, so that none allocates by the word of a damaged stream. tests/images/test_images_fuzz.py feeds
them damaged frames.
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
_ALL_COEFFICIENTS = bytes([0, 63, 0])  # the first, the last, and no approximation


@dataclass(frozen=True)
class Codec:
    """How frames of one kind are decoded.

    Attributes:
        stream: Reads the code stream's own header.
        check: Refuses a code stream whose structure would cost the decoder too much; called before it.
        processes: JPEG processes that may stand in it; empty where there is no such thing.
        plugin: The name by which pydicom calls the library for a stream of this precision.
        decode: The decoder: code stream -> samples (H, W), grey.
        may_overshoot: Values beyond the stored bits are a lossy decoder's overshoot and mean what they say;
            elsewhere bits above the stored ones mean nothing (PS3.5 8.1.1).
    """

    stream: Callable[[bytes], CodeStream]
    check: Callable[[bytes], None]
    processes: frozenset[int]
    plugin: Callable[[int], str]
    decode: Callable[[CodeStream], Samples]
    may_overshoot: bool


def _package(module: str, package: str) -> Any:
    # Typed as Any: none of the decoders ships types.
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UnreadableImageError(
            f"is compressed in a way that needs the package {package}, which is not installed"
        ) from error


def _dct_stream(data: bytes) -> CodeStream:
    """Read a DCT stream's header, and correct the range of coefficients of its scans.

    In a sequential process a scan has all 64 coefficients (ITU-T T.81, B.2.3, table B.3). Some encoders
    write 0 for the last; decoders of the IJG's kind look past it, and libjpeg refuses it.
    """
    stream = jpeg_stream(data)
    if stream.process == jpeg.PROGRESSIVE:
        return stream
    scans = [position for marker, position, _ in jpeg.segments(data) if marker == jpeg.SCAN]
    # Marker, length and number of components; two bytes a component.
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
    # Without its end a stream costs the decoder five seconds before it says so. What stands behind the end is
    # padding; within the samples the two bytes cannot be (ITU-T T.87, A.1).
    end = stream.data.rfind(_END)
    if end < 0:
        raise UnreadableImageError("is truncated: the end of its JPEG-LS pixels is missing")
    decoded, _ = _without_zeros(stream.data[:end], _package("jpeg_ls", "pyjpegls").decode_buffer)
    kind = np.uint8 if stream.precision <= 8 else np.dtype("<u2")
    return cast(Samples, np.frombuffer(decoded, kind).reshape(stream.rows, stream.columns))


def _without_zeros(data: bytes, decode: Callable[[bytes], Any]) -> Any:
    """Decode a JPEG-LS stream, without the zero bytes before its end where CharLS refuses it with them.

    Some encoders put them there. The first one or two may belong to the samples; CharLS refuses a stream that
    lacks those.
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
    # Signed samples come as such; their bits are what is wanted here.
    return cast(Samples, decoded.view(f"<u{decoded.itemsize}"))


def require_memory(samples: int) -> None:
    """Tell a decoder that lacked memory from one that met damage: they raise the same error for both.

    Args:
        samples: Of the frame; while a decoder works it takes six bytes for each, or more.

    Raises:
        MemoryError: There is not as much.
    """
    np.empty(6 * samples, np.uint8)  # asked for, and never touched


def _unchecked(data: bytes) -> None:
    """Nothing more is checked."""


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
