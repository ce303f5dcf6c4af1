"""How fine an image's grey values are, told from its file without decoding it."""

from __future__ import annotations

from pathlib import Path

from cxrtune.errors import UnreadableImageError
from cxrtune.images.formats import HEAD, kind_of
from cxrtune.images.jpeg import read_frame_header
from cxrtune.images.tiff import read_tiff

_BIT_DEPTH = 24  # ISO/IEC 15948, 11.2.2: behind signature, chunk length and type, width and height
_BEFORE_FRAME = 1 << 18  # bytes of a JPEG file in which its frame header is looked for


def is_deep(path: Path) -> bool:
    """Return whether a file may hold grey values of more than 8 bits; DICOM always may.

    What cannot be read, or is no file (a pipe would be waited for), is not deep; whoever decodes it says why.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
            match kind_of(head):
                case "DICOM":
                    return True
                case "PNG":
                    return head[_BIT_DEPTH : _BIT_DEPTH + 1] == b"\x10"
                case "JPEG":
                    return read_frame_header(head + stream.read(_BEFORE_FRAME)).precision > 8
                case "TIFF":  # its directory may stand anywhere
                    return read_tiff(head + stream.read()).bits > 8
                case _:
                    return False
    except (OSError, UnreadableImageError):
        return False
