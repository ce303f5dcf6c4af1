"""Unique identifiers of results, which are the same whenever the same comes of the same."""

from __future__ import annotations

import hashlib
import uuid

from pydicom.uid import UID

FORMAT = "cxrtune.dicom-node/1"
"""Goes into every identifier; it changes when results change in kind."""


def stable_uid(*parts: str) -> UID:
    """Derive a unique identifier from texts.

    The first 128 bits of the SHA-256 of `FORMAT` and the parts, each ended by a line feed, become a UUID
    of version 8 (RFC 9562 5.8), which stands behind 2.25 as a decimal number (PS3.5 B.2).

    Args:
        parts: What the identifier depends on; none holds a line feed.
    """
    text = "".join(f"{part}\n" for part in (FORMAT, *parts))
    value = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    value = value & ~(0xF << 76) | 8 << 76  # version 8
    value = value & ~(0x3 << 62) | 2 << 62  # variant of RFC 9562
    return UID(f"2.25.{uuid.UUID(int=value).int}")
