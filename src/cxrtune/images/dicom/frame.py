"""Data set -> the first frame's samples, as their bits stand in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.codecs import CODECS, Codec, Samples
from cxrtune.images.dicom.codestream import CodeStream
from cxrtune.images.dicom.header import Header
from cxrtune.images.dicom.rle import decode_rle

NATIVE = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian}
)


@dataclass(frozen=True)
class Frame:
    """One grey frame.

    Attributes:
        samples: uint8 or uint16 (H, W), the bits of each value in [0, 2**bits), two's complement if signed.
        bits: How many bits a value has: Bits Stored, or the precision of the code stream.
    """

    samples: Samples
    bits: int


def grey_frame(dataset: Dataset, header: Header) -> Callable[[], Frame]:
    """Take the first frame of a grey picture out of its data set.

    Returns:
        What decodes it: the long part, which needs the data set no more and may run beside others.

    Raises:
        UnreadableImageError: The pixels are not what the header claims, or are in a transfer syntax that is
            not supported; and what is returned raises it where they cannot be decoded.
    """
    if header.syntax in NATIVE:
        data = native_bytes(dataset, header)
        return lambda: Frame(_stored_bits(_native(data, header), header), header.stored)
    if header.syntax == RLELossless:
        packed = first_frame(dataset, header)
        return lambda: Frame(_stored_bits(_unpacked(packed, header), header), header.stored)
    codec, stream = code_stream(dataset, header)
    return lambda: _decoded(codec, stream, header)


def native_bytes(dataset: Dataset, header: Header) -> bytes:
    """Return the uncompressed bytes of all frames, after comparing their number with the claim.

    Raises:
        UnreadableImageError: There are fewer bytes than claimed, or more by a row or more.
    """
    data = _pixel_data(dataset)
    row = header.columns * header.samples * header.allocated // 8
    if header.photometric == "YBR_FULL_422":
        row = row * 2 // 3  # two pixels share their chroma (PS3.3 C.7.6.3.1.2)
    claimed = row * header.rows * header.frames
    if not claimed <= len(data) < claimed + max(row, 2):
        raise UnreadableImageError(f"claims {claimed:,} bytes of pixels and holds {len(data):,}")
    if header.syntax == ExplicitVRBigEndian and header.allocated == 8 and dataset["PixelData"].VR == "OW":
        # PS3.5 A.3: words are swapped even where each holds two pixels.
        return np.frombuffer(data + bytes(len(data) % 2), ">u2").astype("<u2").tobytes()
    return data


def rle_planes(frame: bytes, header: Header) -> NDArray[np.uint8]:
    """Unpack a frame's byte planes: uint8 (planes, pixels), each in [0, 255].

    Raises:
        UnreadableImageError: The frame is damaged, or not of the size claimed.
    """
    return decode_rle(frame, header.samples * header.allocated // 8, header.rows * header.columns)


def code_stream(dataset: Dataset, header: Header) -> tuple[Codec, CodeStream]:
    """Take the first frame's code stream and compare its own header with the data set's.

    Raises:
        UnreadableImageError: The transfer syntax is not supported, or the two headers disagree.
    """
    codec = CODECS.get(header.syntax)
    if codec is None:
        raise UnreadableImageError(f"has a transfer syntax that is not supported: {_name(header.syntax)}")
    stream = codec.stream(first_frame(dataset, header))
    if codec.processes and stream.process not in codec.processes:
        raise UnreadableImageError(
            f"is damaged: its pixels are not in the transfer syntax that it states, {_name(header.syntax)}"
        )
    if (stream.columns, stream.rows) != (header.columns, header.rows):
        raise UnreadableImageError(
            f"claims {header.columns} x {header.rows} pixels, and its compressed pixels "
            f"{stream.columns} x {stream.rows}"
        )
    if stream.samples != header.samples:
        raise UnreadableImageError(
            f"claims {header.samples} samples a pixel, and its compressed pixels {stream.samples}"
        )
    if not 1 <= stream.precision <= header.allocated:
        raise UnreadableImageError(
            f"allocates {header.allocated} bits a sample, and its compressed pixels have {stream.precision}"
        )
    return codec, stream


def first_frame(dataset: Dataset, header: Header) -> bytes:
    """Return the first compressed frame.

    Raises:
        UnreadableImageError: There is none, or its fragments are not whole.
    """
    table = (dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths"))
    try:
        frame = get_frame(
            _pixel_data(dataset),
            0,
            number_of_frames=header.frames,
            extended_offsets=table if all(isinstance(part, bytes) for part in table) else None,
        )
    except Exception as error:
        # pydicom lets whatever goes wrong in its reading of items through.
        raise UnreadableImageError("is damaged: its compressed pixels have no whole frame") from error
    if not frame:
        raise UnreadableImageError("is damaged: its compressed pixels have no whole frame")
    return frame


def _name(syntax: str) -> str:
    # pydicom's name of an unknown identifier is the identifier, which no reason may hold.
    return "unknown" if UID(syntax).name == syntax else UID(syntax).name


def _pixel_data(dataset: Dataset) -> bytes:
    data = dataset["PixelData"].value
    if not isinstance(data, bytes) or not data:
        raise UnreadableImageError("holds no pixel data")
    return data


def _native(data: bytes, header: Header) -> Samples:
    order = ">" if header.syntax == ExplicitVRBigEndian else "<"
    kind = np.dtype(np.uint8) if header.allocated == 8 else np.dtype(f"{order}u2")
    samples = np.frombuffer(data, kind, header.rows * header.columns)
    return cast(Samples, samples.reshape(header.rows, header.columns))


def _unpacked(packed: bytes, header: Header) -> Samples:
    planes = rle_planes(packed, header)
    samples = planes[0] if len(planes) == 1 else planes[0].astype(np.uint16) << 8 | planes[1]
    return cast(Samples, samples.reshape(header.rows, header.columns))


def _decoded(codec: Codec, stream: CodeStream, header: Header) -> Frame:
    try:
        decoded = codec.decode(stream)
    except (RuntimeError, ValueError, OSError, SyntaxError, TypeError) as error:
        raise UnreadableImageError("is damaged: its compressed pixels cannot be decoded") from error
    if decoded.shape != (header.rows, header.columns) or decoded.dtype not in (np.uint8, np.uint16):
        raise UnreadableImageError("is damaged: its pixels decode to another size than claimed")
    bits = stream.precision if codec.may_overshoot else min(stream.precision, header.stored)
    return Frame(_masked(decoded, bits), bits)


def _stored_bits(samples: Samples, header: Header) -> Samples:
    # PS3.5 8.1.1: what lies outside the stored bits is not the pixel's.
    below = header.high_bit + 1 - header.stored
    return _masked(cast(Samples, samples >> below) if below else samples, header.stored)


def _masked(samples: Samples, bits: int) -> Samples:
    whole = bits == 8 * samples.dtype.itemsize
    return samples if whole else cast(Samples, samples & samples.dtype.type((1 << bits) - 1))
