"""Transfer syntaxes by name, and those whose pixels are not compressed."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

NATIVE = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian}
)

# PS3.6 annex A and vendors' own: those that pydicom 3.0 does not know.
_NAMES: Mapping[str, str] = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
    "1.2.840.113619.5.2": "GE Private Implicit VR Big Endian",
}


def name_of(syntax: str) -> str:
    """Return a transfer syntax's name, or `unknown`: an identifier stands in no reason."""
    known = UID(syntax).name
    return _NAMES.get(syntax, "unknown") if known == syntax else known
