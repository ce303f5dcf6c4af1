"""Look-up tables in data sets: modality LUTs, VOI LUTs and palettes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.elements import values


@dataclass(frozen=True)
class Lut:
    """A look-up table (PS3.3 C.11.1.1.1, C.11.2.1.1 and C.7.6.3.1.5).

    Attributes:
        first: Input value of the first entry; lower values map to the first entry, higher ones to the last.
        entries: uint16 (N,), each in [0, 2**bits).
        bits: Bits per entry.
    """

    first: int
    entries: NDArray[np.uint16]
    bits: int

    def look_up(self, values: NDArray[np.float64]) -> NDArray[np.uint16]:
        """Return the entry of each value; fractional values are rounded to the nearest whole number.

        Returns:
            uint16, with the shape of the values, in [0, 2**bits).
        """
        places = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        return cast(NDArray[np.uint16], self.entries[places.astype(np.intp)])


def filled_item(dataset: Dataset, keyword: str) -> Dataset | None:
    """Return the first item of a sequence that contains a table; None if there is none.

    Some devices write template items whose descriptor is empty or all zeros and whose data is missing.
    """
    for item in dataset.get(keyword) or ():
        if item.get("LUTData") or any(values(item, "LUTDescriptor")):
            return cast(Dataset, item)
    return None


def read_lut(holder: Dataset, prefix: str, name: str, signed: bool, notes: list[str] | None = None) -> Lut:
    """Read the descriptor and data of a table.

    Args:
        holder: The data set or sequence item that contains them.
        prefix: Common prefix of the two keywords.
        name: Name of the table in a reason.
        signed: Whether input values may be negative.
        notes: List to which a note is appended if a descriptor that claims 16 bits for narrower entries is
            corrected; None uses the descriptor unchanged.

    Raises:
        UnreadableImageError: One of the two is missing, or the data does not match the descriptor.
    """
    descriptor, data = holder.get(f"{prefix}Descriptor"), holder.get(f"{prefix}Data")
    if descriptor is None or data is None or len(descriptor) != 3:
        raise UnreadableImageError(f"is damaged: its {name} lacks descriptor or data")
    # Number of entries (0 means 65,536), first input, bits per entry. All three have the same VR, so that a
    # number may have the wrong sign.
    count, bits = (int(descriptor[0]) & 0xFFFF) or 1 << 16, int(descriptor[2]) & 0xFFFF
    first = int(descriptor[1]) & 0xFFFF
    if signed and first >= 1 << 15:
        first -= 1 << 16
    if not 8 <= bits <= 16:
        raise UnreadableImageError(f"has a {name} of {bits} bits, not 8 to 16")
    entries = _entries(data, count, bits, holder.original_encoding[1] is not False)
    if len(entries) < count:
        raise UnreadableImageError(f"is damaged: its {name} claims {count} entries and holds {len(entries)}")
    if entries[:count].max() >> bits:
        raise UnreadableImageError(f"is damaged: its {name} has entries of more than {bits} bits")
    used = max(8, int(entries[:count].max()).bit_length())
    if notes is not None and used < bits == 16:
        # For images, PS3.3 C.11.2.1.1 allows only 8 or 16, so that some vendors, such as Agfa, write the
        # width of the storage for entries of 12 bits. With the stated width, the image would be nearly black.
        notes.append(f"the {name} claims entries of 16 bits and uses {used}: read as {used}")
        bits = used
    return Lut(first, entries[:count].astype(np.uint16), bits)


def _entries(data: object, count: int, bits: int, little: bool) -> NDArray[np.int64]:
    if not isinstance(data, bytes):
        return np.asarray(data, dtype=np.int64).reshape(-1) & 0xFFFF
    # Entries of 8 bits may be packed in pairs into words, the first in the low byte.
    words = np.frombuffer(data[: len(data) & ~1], "<u2" if little else ">u2")
    packed = bits == 8 and len(words) < count
    return (words.astype("<u2").view(np.uint8) if packed else words).astype(np.int64)
