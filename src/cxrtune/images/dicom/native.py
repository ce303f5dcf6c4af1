"""Pixels that are not compressed: their bytes, compared with the claim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.header import Header
from cxrtune.images.dicom.syntaxes import NATIVE

_ITEM = b"\xfe\xff\0\xe0"  # PS3.5 A.4: compressed pixels are a sequence of items


def pixel_data(dataset: Dataset) -> bytes:
    """Return the pixel data as it stands in the data set.

    Raises:
        UnreadableImageError: There is none.
    """
    data = dataset["PixelData"].value
    if not isinstance(data, bytes) or not data:
        raise UnreadableImageError("holds no pixel data")
    return data


def as_it_is(dataset: Dataset, header: Header, notes: list[str]) -> Header:
    """Return the header with the transfer syntax that its pixels are in, where it states another.

    Software that decompresses and forgets to say so leaves bytes of exactly the size claimed.

    Raises:
        UnreadableImageError: The pixels are compressed, and the header says that they are not.
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

    What stands behind them is left out, as PS3.5 8.1.1 says of an uneven number of bytes and viewers do of
    padding to the blocks of a disk or of the memory.

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
        # PS3.5 A.3: words are swapped even where each holds two pixels.
        return np.frombuffer(data + bytes(len(data) % 2), ">u2").astype("<u2").tobytes()
    return data


def _claimed(header: Header) -> int:
    row = header.columns * header.samples * header.allocated // 8
    if header.photometric == "YBR_FULL_422":
        row = row * 2 // 3  # two pixels share their chroma (PS3.3 C.7.6.3.1.2)
    return row * header.rows * header.frames
