"""How our own processes hold memory: what is freed is kept a while, what is mapped is let go."""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

# mallopt(3): freed memory beyond the first is given back; requests beyond the second are mapped anew.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEPT_BYTES = 2**30


def keep_freed_memory() -> None:
    """Let this process keep up to a gigabyte that it has freed, for its next request.

    By default glibc hands every freed feature map back to the system, which faults its pages in again
    for the next: a third of the time of the trunk (`benchmarks/README.md`). Other C libraries than
    glibc are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)


def let_pages_go(array: NDArray[Any]) -> None:
    """Take what was read of a memory-mapped array out of this process's resident memory.

    The system would do so only when memory is short: until then, reading a bank of 20 GB looks like
    using 20 GB. An array that is not memory-mapped is left alone, and so is every array on Windows.
    """
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
