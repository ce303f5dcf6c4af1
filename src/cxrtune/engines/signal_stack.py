"""Keeps a thread's own stack for signals while OpenVINO compiles a model.

OpenVINO gives the thread that compiles a model another alternate stack (`sigaltstack`), and takes its memory
away when that model goes. Of two models the first that goes takes what the second puts back: then the next
signal that Python handles (Ctrl-C, `kill`, a child that ends) is delivered to memory that is gone, and the
process dies of a segmentation fault that nothing can report.
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
    """Put the calling thread's stack for signals back at the end; do nothing elsewhere than on Linux."""
    if sys.platform != "linux":
        yield
        return
    library, before = ctypes.CDLL(None), _Stack()
    library.sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        library.sigaltstack(ctypes.byref(before), None)
