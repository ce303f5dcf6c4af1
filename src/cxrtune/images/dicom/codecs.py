"""Which library decodes a compressed frame: a table a transfer syntax.

Every decoder is C or C++; what stands in a code stream's own header is compared with the data set's before
one is called, so that none allocates by the word of a damaged stream. tests/images/test_images_fuzz.py feeds
them damaged frames.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from cxrtune.images.dicom.codestream import (
    DCT,
    JPEG_LS,
    LOSSLESS,
    CodeStream,
    jpeg2000_stream,
    jpeg_stream,
)

Samples = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Codec:
    """How frames of one kind are decoded.

    Attributes:
        stream: Reads the code stream's own header.
        processes: JPEG processes that may stand in it; empty where there is no such thing.
        plugin: The name by which pydicom calls the library for a stream of this precision.
        decode: The decoder: code stream -> samples (H, W), grey.
        may_overshoot: Values beyond the stored bits are a lossy decoder's overshoot and mean what they say;
            elsewhere bits above the stored ones mean nothing (PS3.5 8.1.1).
    """

    stream: Callable[[bytes], CodeStream]
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


def _jpeg(stream: CodeStream) -> Samples:
    if stream.precision != 8:
        return _libjpeg(stream)
    with Image.open(io.BytesIO(stream.data), formats=("JPEG",)) as image:
        return np.asarray(image)


def _libjpeg(stream: CodeStream) -> Samples:
    return cast(Samples, _package("libjpeg", "pylibjpeg-libjpeg").decode(stream.data))


def _charls(stream: CodeStream) -> Samples:
    # Without its end a stream costs the decoder five seconds before it says so.
    if b"\xff\xd9" not in stream.data[-16:]:
        raise UnreadableImageError("is truncated: the end of its JPEG-LS pixels is missing")
    decoded, _ = _package("jpeg_ls", "pyjpegls").decode_buffer(stream.data)
    kind = np.uint8 if stream.precision <= 8 else np.dtype("<u2")
    return cast(Samples, np.frombuffer(decoded, kind).reshape(stream.rows, stream.columns))


def _openjpeg(stream: CodeStream) -> Samples:
    decoded = _package("openjpeg", "pylibjpeg-openjpeg").decode(stream.data, j2k_format=0)
    # Signed samples come as such; their bits are what is wanted here.
    return cast(Samples, decoded.view(f"<u{decoded.itemsize}"))


_DCT = Codec(jpeg_stream, DCT, lambda bits: "pillow" if bits == 8 else "pylibjpeg", _jpeg, True)
_LOSSLESS = Codec(jpeg_stream, LOSSLESS, lambda bits: "pylibjpeg", _libjpeg, False)
_JPEG_LS = Codec(jpeg_stream, JPEG_LS, lambda bits: "pyjpegls", _charls, False)
_JPEG2000 = Codec(jpeg2000_stream, frozenset(), lambda bits: "pylibjpeg", _openjpeg, True)

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
