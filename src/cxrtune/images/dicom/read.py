"""Bytes -> data set with only the elements that are needed."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.header import ELEMENTS
from cxrtune.images.formats import is_dicom

_PREFIX = b"DICM"  # PS3.10 7.1

MAX_INFLATED = 1 << 28
"""Maximum bytes of a deflated data set: 80 million pixels of 16 bits, with room for the other elements."""
_INFLATED_BEFORE_PIXELS = 16 << 20  # bytes; what precedes the pixels is much shorter
_PIXELS = Tag("PixelData")


def read_bytes(data: bytes, also: Sequence[str] = ()) -> Dataset:
    """Read the elements of a DICOM file that are needed; names and identifiers are not among them.

    Args:
        data: The bytes of the file.
        also: Keywords of further elements, which may contain names of persons.

    Raises:
        UnreadableImageError: The bytes are empty, not a DICOM file, truncated, or inflate beyond the limit.
    """
    if not data:
        raise UnreadableImageError("the file is empty (0 bytes)")
    if not is_dicom(data[:132]):
        raise UnreadableImageError("is no DICOM file, or its first bytes are damaged")
    if data[128:132] != _PREFIX:
        data = data.removeprefix(_PREFIX)  # if only the preamble has been removed from the file
    tags: list[BaseTag | int] = [Tag(keyword) for keyword in (*ELEMENTS, *also)]
    stream = io.BytesIO(data)
    meta = _file_meta(stream)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        stream = io.BytesIO(_inflated(data[stream.tell() :]))
        dataset = read_dataset(stream, False, True, specific_tags=tags)
        dataset.file_meta = meta
    else:
        stream.seek(0)
        dataset = dcmread(stream, force=True, specific_tags=tags)
    if "PixelData" not in dataset and stream.tell() > stream.getbuffer().nbytes:
        raise UnreadableImageError("is truncated: it ends within an element")
    return dataset


def read_before_pixels(data: bytes, keywords: Sequence[str]) -> Dataset:
    """Read some of the elements before the pixels of a DICOM file, and nothing after them.

    Args:
        data: The bytes of the file.
        keywords: Keywords of the elements.

    Raises:
        Exception: Any exception of pydicom for a damaged file; its text may contain an element's value.
    """
    tags: list[BaseTag | int] = [Tag(keyword) for keyword in keywords]
    stream = io.BytesIO(data)
    if _file_meta(stream).get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return dcmread(io.BytesIO(data), force=True, stop_before_pixels=True, specific_tags=tags)
    start = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[stream.tell() :], _INFLATED_BEFORE_PIXELS)
    return read_dataset(
        io.BytesIO(start), False, True, stop_when=lambda tag, vr, length: tag >= _PIXELS, specific_tags=tags
    )


def _file_meta(stream: io.BytesIO) -> FileMetaDataset:
    # PS3.10 7.1: explicit VR little endian, whatever the syntax of the data set that follows.
    def behind(tag: BaseTag, vr: str | None, length: int) -> bool:
        return tag >> 16 != 2

    read_preamble(stream, force=True)
    return FileMetaDataset(read_dataset(stream, False, True, stop_when=behind))


def _inflated(data: bytes) -> bytes:
    # PS3.5 A.5: a bare deflate stream (RFC 1951).
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        whole = inflater.decompress(data, MAX_INFLATED)
    except zlib.error as error:
        raise UnreadableImageError("is damaged: its deflated data set cannot be inflated") from error
    if inflater.unconsumed_tail:
        raise UnreadableImageError(f"inflates to more than {MAX_INFLATED:,} bytes")
    if not inflater.eof:
        raise UnreadableImageError("is truncated: its deflated data set has no end")
    return whole
