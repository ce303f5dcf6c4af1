"""Is it DICOM? Told from the first bytes alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator

# All value representations (PS3.5 6.2), and those with two reserved bytes and a length of four (7.1.2).
_VRS = frozenset(
    b"""
    AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV
    """.split()
)
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
# Those that the first elements of a data set have (PS3.6, groups 0002 and 0008).
_FIRST_VRS = frozenset(b"UL OB UI SH AE CS DA TM DT LO ST SQ".split())
_FIRST_GROUPS = (0x0002, 0x0008)
_LATE = 0x0100
"""Elements from here on are not the first of a data set that begins with one of those groups."""

_LATER_GROUPS = (0x0008, 0x0010, 0x0012, 0x0018, 0x0020, 0x0028)
"""A data set begins with one of these where all that stood before has been taken out of it."""

_SHORT = 1 << 16
"""An element at the beginning is shorter than that."""


def is_dicom(head: bytes) -> bool:
    """Tell whether a file that begins so is DICOM.

    It is when `DICM` stands behind the preamble (PS3.10 7.1). Without a preamble, with or without `DICM`, it
    is taken for a data set when its first element is an early one of group 0002 or 0008, in any byte order,
    or when its first two elements are such as follow each other in a data set that begins later.

    Args:
        head: The file's first 132 bytes, or all of it.
    """
    return head[128:132] == b"DICM" or begins_like_a_data_set(head.removeprefix(b"DICM"))


def begins_like_a_data_set(head: bytes) -> bool:
    """Tell whether these bytes can be the first of a data set or of its file meta information."""
    if len(head) < 8:
        return False
    explicit = head[4:6] in _FIRST_VRS
    for order in ("little", "big"):
        group, element = int.from_bytes(head[:2], order), int.from_bytes(head[2:4], order)
        if group in _FIRST_GROUPS and element < _LATE:
            # Implicit VR is little endian only; the first element is short (PS3.5 7.1.3).
            return explicit or (order == "little" and int.from_bytes(head[4:8], "little") <= 128)
    return any(_begins_later(head, order) for order in "<>")


def _begins_later(head: bytes, order: str) -> bool:
    elements = _elements(head, order)
    first, second = next(elements, None), next(elements, None)
    if first is None or second is None:
        return False
    return first >> 16 in _LATER_GROUPS and first < second and second >> 16 in (*_LATER_GROUPS, 0x7FE0)


def _elements(head: bytes, order: str) -> Iterator[int]:
    """Yield the tags at the beginning for as long as they are whole and can be meant."""
    explicit, position = head[4:6] in _VRS, 0
    while position + 8 <= len(head):
        group, element, vr, length = struct.unpack_from(f"{order}HH2sH", head, position)
        if not explicit:
            (length,) = struct.unpack_from(f"{order}L", head, position + 4)
        elif vr not in _VRS:
            return
        elif vr in _LONG_VRS:
            position += 4
            (length,) = struct.unpack_from(f"{order}L", head.ljust(position + 8, b"\xff"), position + 4)
        yield group << 16 | element
        if length >= _SHORT or length % 2:
            return
        position += 8 + length
