"""Is it DICOM? Told from the first bytes alone."""

from __future__ import annotations

# Value representations that the first elements of a data set have (PS3.6, groups 0002 and 0008).
_FIRST_VRS = frozenset({b"UL", b"OB", b"UI", b"SH", b"AE", b"CS", b"DA", b"TM", b"DT", b"LO", b"ST", b"SQ"})
_FIRST_GROUPS = (2, 8)
_LATE = 0x0100
"""Elements from here on are not the first of a data set."""


def is_dicom(head: bytes) -> bool:
    """Tell whether a file that begins so is DICOM.

    It is when `DICM` stands behind the preamble (PS3.10 7.1). Without a preamble it is taken for a data
    set when its first element is an early one of group 0002 or 0008, in any byte order.

    Args:
        head: The file's first 132 bytes, or all of it.
    """
    return head[128:132] == b"DICM" or _begins_like_a_data_set(head)


def _begins_like_a_data_set(head: bytes) -> bool:
    if len(head) < 8:
        return False
    explicit = head[4:6] in _FIRST_VRS
    for order in ("little", "big"):
        group, element = int.from_bytes(head[:2], order), int.from_bytes(head[2:4], order)
        if group in _FIRST_GROUPS and element < _LATE:
            # Implicit VR is little endian only; the first element is short (PS3.5 7.1.3).
            return explicit or (order == "little" and int.from_bytes(head[4:8], "little") <= 128)
    return False
