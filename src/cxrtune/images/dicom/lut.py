"""Look-up tables as data sets hold them: for modality, for values of interest, and for palettes."""

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
        first: The input value that the first entry is for; below it the first holds, above the last the last.
        entries: uint16 (N,), each in [0, 2**bits).
        bits: Bits of an entry.
    """

    first: int
    entries: NDArray[np.uint16]
    bits: int

    def look_up(self, values: NDArray[np.float64]) -> NDArray[np.uint16]:
        """Return the entry of each value; a table is for whole numbers, and another value takes the nearest.

        Returns:
            uint16, of the shape of the values, in [0, 2**bits).
        """
        places = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        return cast(NDArray[np.uint16], self.entries[places.astype(np.intp)])


def filled_item(dataset: Dataset, keyword: str) -> Dataset | None:
    """Return the first item of a sequence of tables that holds one; None if none does.

    Templates leave an item behind whose descriptor is empty or all zeros and whose data is missing.
    """
    for item in dataset.get(keyword) or ():
        if item.get("LUTData") or any(values(item, "LUTDescriptor")):
            return cast(Dataset, item)
    return None


def read_lut(holder: Dataset, prefix: str, name: str, signed: bool, notes: list[str] | None = None) -> Lut:
    """Read descriptor and data of a table.

    Args:
        holder: The data set or the sequence's item that holds them.
        prefix: What the two keywords begin with.
        name: What the table is called in a reason.
        signed: Input values may be negative.
        notes: Where a descriptor that claims 16 bits for narrower entries is corrected, and said so; None
            where the descriptor is to be taken by its word.

    Raises:
        UnreadableImageError: One of the two is missing, or the data is not what the descriptor says.
    """
    descriptor, data = holder.get(f"{prefix}Descriptor"), holder.get(f"{prefix}Data")
    if descriptor is None or data is None or len(descriptor) != 3:
        raise UnreadableImageError(f"is damaged: its {name} lacks descriptor or data")
    # Number of entries (0 stands for 65,536), first input, bits an entry. One VR holds all three, so that a
    # number may come with the wrong sign.
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
        # PS3.3 C.11.2.1.1: 8 or 16 in an image, so that the width of the storage is written there where the
        # entries have 12 bits, by Agfa among others. Taken by its word the image would be nearly black.
        notes.append(f"the {name} claims entries of 16 bits and uses {used}: read as {used}")
        bits = used
    return Lut(first, entries[:count].astype(np.uint16), bits)


def _entries(data: object, count: int, bits: int, little: bool) -> NDArray[np.int64]:
    if not isinstance(data, bytes):
        return np.asarray(data, dtype=np.int64).reshape(-1) & 0xFFFF
    # Eight bits an entry may be packed two to a word, the first in the low byte.
    words = np.frombuffer(data[: len(data) & ~1], "<u2" if little else ">u2")
    packed = bits == 8 and len(words) < count
    return (words.astype("<u2").view(np.uint8) if packed else words).astype(np.int64)
