"""Memory of our processes: keep freed memory for a while, and release pages of memory-mapped files."""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

# mallopt(3): freed memory beyond the first limit is returned; requests beyond the second are mapped.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEPT_BYTES = 2**30


def keep_freed_memory() -> None:
    """Let this process keep up to a gigabyte of freed memory for its next allocations.

    By default, glibc returns every freed feature map to the system, which then faults in its pages again for
    the next one: a third of the time of the backbone (`benchmarks/README.md`). Other C libraries than glibc
    are not changed.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)


def let_pages_go(array: NDArray[Any]) -> None:
    """Release the pages of a memory-mapped array from the resident memory of this process.

    The system would do so only when memory is short: until then, reading a feature bank of 20 GB looks like
    using 20 GB. Does nothing for an array that is not memory-mapped, nor on Windows.
    """
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
