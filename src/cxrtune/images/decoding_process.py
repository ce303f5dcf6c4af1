"""How a process behaves that does nothing but decode images for another one."""

from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

import cv2


def become_decoding_process() -> None:
    """End with the parent, keep to one thread, and keep decoders' complaints from the terminal."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _silence_libpng()
    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    """A pool's processes outlive a parent that was killed, and would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _silence_libpng() -> None:
    """Keep what libpng and libjpeg complain of from the terminal: it names no file, our reason does."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
