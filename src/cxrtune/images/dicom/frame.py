"""Data set -> samples of the first frame, with their bits as stored in the file."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless, RLELossless

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.codecs import Codec, Samples, require_memory
from cxrtune.images.dicom.codestream import DCT, CodeStream
from cxrtune.images.dicom.header import Header
from cxrtune.images.dicom.pixel_data import NATIVE, code_stream, first_frame, native_bytes

_RLE_HEADER = struct.Struct("<16L")


@dataclass(frozen=True)
class Frame:
    """One grey frame.

    Attributes:
        samples: uint8 or uint16 (H, W), the bits of each value in [0, 2**bits), two's complement if signed.
        bits: Bits per value; more than the depth if a lossy decoder may overshoot.
        depth: Number of bits that span the range of possible values: Bits Stored, or the precision of the
            code stream if that is known to be right.
    """

    samples: Samples
    bits: int
    depth: int


def grey_frame(dataset: Dataset, header: Header, notes: list[str]) -> Callable[[], Frame]:
    """Extract the first frame of a grey image from its data set.

    Args:
        dataset: The data set.
        header: Its header.
        notes: List to which corrections and omissions are appended, some only when the frame is decoded.

    Returns:
        A function that decodes the frame: the slow part, which does not need the data set and may run in
        parallel.

    Raises:
        UnreadableImageError: The pixels do not match the header, or their transfer syntax is not supported.
            The returned function raises it if they cannot be decoded.
    """
    if header.syntax in NATIVE:
        data = native_bytes(dataset, header, notes)
        return lambda: _stored_bits(_native(data, header), header)
    if header.syntax == RLELossless:
        packed = first_frame(dataset, header, notes)
        return lambda: _stored_bits(_unpacked(packed, header), header)
    codec, stream = code_stream(dataset, header, notes)
    return lambda: _decoded(codec, stream, header, notes)


def rle_planes(frame: bytes, header: Header) -> NDArray[np.uint8]:
    """Unpack a frame's byte planes: uint8 (planes, pixels), each in [0, 255].

    Raises:
        UnreadableImageError: The frame is damaged, or does not have the claimed size.
    """
    return decode_rle(frame, header.samples * header.allocated // 8, header.rows * header.columns)


def _native(data: bytes, header: Header) -> Samples:
    order = ">" if header.syntax == ExplicitVRBigEndian else "<"
    kind = np.dtype(np.uint8) if header.allocated == 8 else np.dtype(f"{order}u2")
    samples = np.frombuffer(data, kind, header.rows * header.columns)
    return cast(Samples, samples.reshape(header.rows, header.columns))


def _unpacked(packed: bytes, header: Header) -> Samples:
    planes = rle_planes(packed, header)
    samples = planes[0] if len(planes) == 1 else planes[0].astype(np.uint16) << 8 | planes[1]
    return cast(Samples, samples.reshape(header.rows, header.columns))


def _decoded(codec: Codec, stream: CodeStream, header: Header, notes: list[str]) -> Frame:
    try:
        decoded = codec.decode(stream)
    except (RuntimeError, ValueError, OSError, SyntaxError, TypeError) as error:
        require_memory(header.rows * header.columns)
        raise UnreadableImageError("is damaged: its compressed pixels cannot be decoded") from error
    if decoded.shape != (header.rows, header.columns) or decoded.dtype not in (np.uint8, np.uint16):
        raise UnreadableImageError("is damaged: its pixels decode to another size than claimed")
    bits = stream.precision
    # A stream of whole cells has the value at the bits given by Bits Stored and High Bit, as if uncompressed.
    below = header.high_bit + 1 - header.stored if bits > header.high_bit else 0
    samples, bits = _shifted(decoded, below), bits - below
    if bits < header.stored:
        notes.append(f"the compressed pixels have {bits} bits and not {header.stored}: read so")
        return Frame(_masked(samples, bits), bits, bits)
    if not _may_overshoot(codec, stream, header):
        return Frame(_masked(samples, header.stored), header.stored, header.stored)
    depth = header.stored
    beyond = bits > depth and not header.signed and samples.max() >= 3 << depth - 1
    if stream.process in DCT and beyond:
        # PS3.5 8.2.1: such a stream has 8 or 12 bits; no other precision exists. An overshoot is small.
        notes.append(f"the compressed pixels have {bits} bits and not {depth}: read so")
        depth = bits
    return Frame(_masked(samples, bits), bits, depth)


def _may_overshoot(codec: Codec, stream: CodeStream, header: Header) -> bool:
    """Return whether values beyond the stored bits are a valid overshoot of the decoder.

    Otherwise the bits above the stored ones have no meaning (PS3.5 8.1.1); overlays were once stored there.
    """
    lossless = stream.reversible and (header.syntax == JPEG2000Lossless or not header.is_lossy)
    return codec.may_overshoot and not lossless


def _stored_bits(samples: Samples, header: Header) -> Frame:
    # PS3.5 8.1.1: bits outside the stored ones do not belong to the pixel.
    shifted = _shifted(samples, header.high_bit + 1 - header.stored)
    return Frame(_masked(shifted, header.stored), header.stored, header.stored)


def _shifted(samples: Samples, bits: int) -> Samples:
    return cast(Samples, samples >> bits) if bits else samples


def _masked(samples: Samples, bits: int) -> Samples:
    whole = bits == 8 * samples.dtype.itemsize
    return samples if whole else cast(Samples, samples & samples.dtype.type((1 << bits) - 1))


def decode_rle(frame: bytes, planes: int, pixels: int) -> NDArray[np.uint8]:
    """Unpack one frame of RLE Lossless (PS3.5 annex G), to no more bytes than the image has.

    pydicom's own decoder unpacks a whole segment before it checks its length; a hostile segment grows
    64-fold.

    Args:
        frame: The frame: a header and one segment per byte plane, the highest byte of a sample first (G.2).
        planes: Required number of segments: samples per pixel times bytes per sample.
        pixels: Number of bytes in each plane.

    Returns:
        uint8 (planes, pixels), each in [0, 255].

    Raises:
        UnreadableImageError: The number of segments differs, or a segment is too short.
    """
    if len(frame) < _RLE_HEADER.size:
        raise UnreadableImageError("is damaged: its RLE header is cut off")
    count, *offsets = _RLE_HEADER.unpack_from(frame)
    if count != planes:
        raise UnreadableImageError(f"is damaged: it has {count:,} RLE segments, not {planes}")
    edges = [*offsets[:planes], len(frame)]
    if edges[0] < _RLE_HEADER.size or any(a > b for a, b in pairwise(edges)):
        raise UnreadableImageError("is damaged: its RLE segments overlap")
    segments = (frame[a:b] for a, b in pairwise(edges))
    planes_of_bytes = [np.frombuffer(_rle_bytes(segment, pixels), np.uint8) for segment in segments]
    return cast(NDArray[np.uint8], np.stack(planes_of_bytes))


def _rle_bytes(segment: bytes, length: int) -> bytes:
    # G.3.2: n < 128: n + 1 literal bytes follow; n > 128: one byte is repeated 257 - n times.
    found, position = bytearray(), 0
    while len(found) < length and position + 1 < len(segment):
        head = segment[position]
        if head < 128:
            found += segment[position + 1 : position + 2 + head]
            position += 2 + head
        elif head > 128:
            found += segment[position + 1 : position + 2] * (257 - head)
            position += 2
        else:
            position += 1
    if len(found) < length:
        raise UnreadableImageError("is damaged: an RLE segment holds fewer pixels than claimed")
    return bytes(found[:length])
