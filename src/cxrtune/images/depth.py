"""How fine a picture's grey values are, told from the first bytes of its file."""

from __future__ import annotations

from pathlib import Path

from cxrtune.images.dicom import is_dicom

_HEAD = 132  # bytes, in which a DICOM file says what it is
_PNG = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH = 24  # ISO/IEC 15948, 11.2.2: behind signature, chunk length and type, width and height


def is_deep(path: Path) -> bool:
    """Return whether a file may hold grey values of more than 8 bits: a PNG of 16, or DICOM.

    What cannot be read, or is no file (a pipe would be waited for), is not deep; whoever decodes it says why.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False
    if head.startswith(_PNG):
        return head[_BIT_DEPTH : _BIT_DEPTH + 1] == b"\x10"
    return is_dicom(head)
