"""Processes that decode images, quiet and never left behind."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from cxrtune.errors import CxrtuneError
from cxrtune.images.decoding_process import become_decoding_process


@contextmanager
def decoding_pool(
    workers: int, initializer: Callable[..., None] | None = None, arguments: tuple[Any, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of decoding processes; on an error they are ended, whatever they wait for.

    Args:
        workers: How many.
        initializer: What each does first.
        arguments: What the initializer is given.

    Raises:
        CxrtuneError: A process was killed.
    """
    # Spawned, not forked: a fork of a process that has run torch can hang on torch's threads.
    context = multiprocessing.get_context("spawn")
    others = multiprocessing.active_children()
    start = (initializer, arguments)
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=start) as pool:
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


def _start_worker(initializer: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    become_decoding_process()
    if initializer is not None:
        initializer(*arguments)
