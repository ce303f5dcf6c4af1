"""Stored pixels of a data set: bytes, or the code stream of the first frame, checked against the header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from pydicom import Dataset
from pydicom.encaps import generate_fragments, get_frame
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.codecs import CODECS, Codec
from cxrtune.images.dicom.codestream import CodeStream
from cxrtune.images.dicom.header import Header

NATIVE = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian}
)

# Transfer syntaxes of PS3.6 annex A and of vendors that pydicom 3.0 does not know.
_NAMES: Mapping[str, str] = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
    "1.2.840.113619.5.2": "GE Private Implicit VR Big Endian",
}

_ITEM = b"\xfe\xff\0\xe0"  # PS3.5 A.4: compressed pixels are a sequence of items


def pixel_data(dataset: Dataset) -> bytes:
    """Return the pixel data of the data set, unchanged.

    Raises:
        UnreadableImageError: The data set has no pixel data.
    """
    data = dataset["PixelData"].value
    if not isinstance(data, bytes) or not data:
        raise UnreadableImageError("holds no pixel data")
    return data


def as_it_is(dataset: Dataset, header: Header, notes: list[str]) -> Header:
    """Return the header with the actual transfer syntax of its pixels, if it states another.

    Software that decompresses the pixels without updating the syntax leaves exactly the claimed number of
    bytes.

    Raises:
        UnreadableImageError: The pixels are compressed, but the header states that they are not.
    """
    data = pixel_data(dataset)
    is_items = data.startswith(_ITEM)
    if header.syntax in NATIVE and is_items and dataset["PixelData"].is_undefined_length:
        raise UnreadableImageError("states that its pixels are not compressed, and they are")
    if header.syntax not in NATIVE and not is_items and 0 <= len(data) - _claimed(header) <= 1:
        notes.append("the pixels are not compressed, though the transfer syntax says so")
        return replace(header, syntax=str(ExplicitVRLittleEndian))
    return header


def native_bytes(dataset: Dataset, header: Header, notes: list[str]) -> bytes:
    """Return the uncompressed bytes of all frames.

    Bytes after them are ignored, as PS3.5 8.1.1 specifies for an odd number of bytes, and as viewers do for
    padding to disk or memory blocks.

    Raises:
        UnreadableImageError: There are fewer bytes than claimed.
    """
    data = pixel_data(dataset)
    claimed = _claimed(header)
    if len(data) < claimed:
        raise UnreadableImageError(f"claims {claimed:,} bytes of pixels and holds {len(data):,}")
    if len(data) > claimed + 1:
        notes.append("there are bytes behind the pixels that the header claims: left out")
    if header.syntax == ExplicitVRBigEndian and header.allocated == 8 and dataset["PixelData"].VR == "OW":
        # PS3.5 A.3: words are swapped even if each contains two pixels.
        return np.frombuffer(data + bytes(len(data) % 2), ">u2").astype("<u2").tobytes()
    return data


def _claimed(header: Header) -> int:
    row = header.columns * header.samples * header.allocated // 8
    if header.photometric == "YBR_FULL_422":
        row = row * 2 // 3  # two pixels share chroma values (PS3.3 C.7.6.3.1.2)
    return row * header.rows * header.frames


def code_stream(dataset: Dataset, header: Header, notes: list[str]) -> tuple[Codec, CodeStream]:
    """Extract the code stream of the first frame and compare its header with that of the data set.

    Raises:
        UnreadableImageError: The transfer syntax is not supported, the two headers disagree, or the stream
            exceeds the limits for an image of its size.
    """
    codec = CODECS.get(header.syntax)
    if codec is None:
        raise UnreadableImageError(f"has a transfer syntax that is not supported: {name_of(header.syntax)}")
    stream = codec.stream(first_frame(dataset, header, notes))
    if codec.processes and stream.process not in codec.processes:
        raise UnreadableImageError(
            f"is damaged: its pixels are not in the transfer syntax that it states, {name_of(header.syntax)}"
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
    codec.check(stream.data)
    return codec, stream


def first_frame(dataset: Dataset, header: Header, notes: list[str]) -> bytes:
    """Return the first compressed frame.

    Raises:
        UnreadableImageError: There is no frame, or its fragments are incomplete.
    """
    data = pixel_data(dataset)
    try:
        frame = _only_frame(data, notes) if header.frames == 1 else _first_of_several(dataset, data, header)
    except MemoryError:  # reported by the decoding process, with its limit
        raise
    except Exception as error:
        # pydicom does not convert the exceptions that occur while it reads items.
        raise UnreadableImageError("is damaged: its compressed pixels have no whole frame") from error
    if not frame:
        raise UnreadableImageError("is damaged: its compressed pixels have no whole frame")
    return frame


def _only_frame(data: bytes, notes: list[str]) -> bytes:
    # PS3.5 A.4: all fragments after the Basic Offset Table belong to the frame, whatever the table states.
    table, *fragments = generate_fragments(data)
    if table not in (b"", bytes(4)):
        notes.append("the Basic Offset Table does not fit a single frame: left out")
    return fragments[0] if len(fragments) == 1 else b"".join(fragments)


def _first_of_several(dataset: Dataset, data: bytes, header: Header) -> bytes:
    table = (dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths"))
    return get_frame(
        data,
        0,
        number_of_frames=header.frames,
        extended_offsets=table if all(isinstance(part, bytes) for part in table) else None,
    )


def name_of(syntax: str) -> str:
    """Return the name of a transfer syntax, or `unknown`: reasons contain no identifiers."""
    known = UID(syntax).name
    return _NAMES.get(syntax, "unknown") if known == syntax else known
