"""What the C library does with memory that is freed: a policy for our own processes."""

from __future__ import annotations

import ctypes
import sys

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
