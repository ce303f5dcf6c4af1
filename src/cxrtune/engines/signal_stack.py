"""Preserve a thread's own signal stack while OpenVINO compiles a model.

OpenVINO gives the thread that compiles a model another alternate stack (`sigaltstack`) and frees its memory
when that model is deleted. With two models, deleting the first frees the stack that deleting the second
restores: the next signal that Python handles (Ctrl-C, `kill`, a child that ends) is then delivered to freed
memory, and the process dies of a segmentation fault that nothing can report.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Stack(ctypes.Structure):
    """`stack_t` of Linux."""

    _fields_ = (("pointer", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextmanager
def keeping_signal_stack() -> Iterator[None]:
    """Restore the calling thread's signal stack at the end; do nothing on systems other than Linux."""
    if sys.platform != "linux":
        yield
        return
    library, before = ctypes.CDLL(None), _Stack()
    library.sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        library.sigaltstack(ctypes.byref(before), None)
