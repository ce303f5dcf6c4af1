"""Processes that decode images, quiet and never left behind."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

import cv2

from cxrtune.errors import CxrtuneError


@contextmanager
def decoding_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of decoding processes; on an error they are ended, whatever they wait for.

    Raises:
        CxrtuneError: A process was killed.
    """
    # Spawned, not forked: a fork of a process that has run torch can hang on torch's threads.
    context = multiprocessing.get_context("spawn")
    others = multiprocessing.active_children()
    with ProcessPoolExecutor(max_workers=workers, mp_context=context, initializer=_start_worker) as pool:
        try:
            yield pool
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            # A process that waits for a dead network disk would be waited for without end.
            for process in multiprocessing.active_children():
                if process not in others:
                    process.terminate()
            if isinstance(error, BrokenProcessPool):
                raise CxrtuneError(
                    "a decoding process was killed, perhaps for want of memory",
                    remedy="Try again with fewer processes: --workers 1",
                ) from error
            raise


def _start_worker() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # What libpng and libjpeg complain of names no file; the reason that is given does.
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    """A pool's processes outlive a parent that was killed, and would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
