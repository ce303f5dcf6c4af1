"""Compressed pixels: the first frame's code stream out of its fragments, compared with the data set."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.encaps import generate_fragments, get_frame

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.codecs import CODECS, Codec
from cxrtune.images.dicom.codestream import CodeStream
from cxrtune.images.dicom.header import Header
from cxrtune.images.dicom.native import pixel_data
from cxrtune.images.dicom.syntaxes import name_of


def code_stream(dataset: Dataset, header: Header, notes: list[str]) -> tuple[Codec, CodeStream]:
    """Take the first frame's code stream and compare its own header with the data set's.

    Raises:
        UnreadableImageError: The transfer syntax is not supported, the two headers disagree, or the stream
            claims more than an image of its size may.
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
        UnreadableImageError: There is none, or its fragments are not whole.
    """
    data = pixel_data(dataset)
    try:
        frame = _only_frame(data, notes) if header.frames == 1 else _first_of_several(dataset, data, header)
    except MemoryError:  # said by the decoding process, with its limit
        raise
    except Exception as error:
        # pydicom lets whatever goes wrong in its reading of items through.
        raise UnreadableImageError("is damaged: its compressed pixels have no whole frame") from error
    if not frame:
        raise UnreadableImageError("is damaged: its compressed pixels have no whole frame")
    return frame


def _only_frame(data: bytes, notes: list[str]) -> bytes:
    # PS3.5 A.4: all fragments behind the Basic Offset Table are the frame's, whatever the table says.
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
