"""Threads that decode pictures. One that a hostile file holds up is given up and replaced."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from cxrtune.serving.web.refusals import Refusal

Result = TypeVar("Result")

MOST_GIVEN_UP = 8
"""Threads that may hang at once; with more the service calls itself not ready."""


class _Job(Generic[Result]):
    def __init__(self, work: Callable[[], Result]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Result] = self.loop.create_future()
        self.timer: asyncio.TimerHandle | None = None
        # Both change under the pool's lock.
        self.running = False
        self.replaced: bool | None = None

    def tell(self, hand_over: Callable[..., None], *arguments: object) -> None:
        """Call something in the event loop."""
        # Once the service has stopped, nobody waits.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(hand_over, *arguments)

    def succeed(self, result: Result) -> None:
        """Hand the result over, if somebody still wants it."""
        self._stop_clock()
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, error: BaseException) -> None:
        """Hand the error over, if somebody still wants it."""
        self._stop_clock()
        if not self.future.done():
            self.future.set_exception(error)

    def _stop_clock(self) -> None:
        if self.timer is not None:
            self.timer.cancel()


class Decoders:
    """A pool of threads, each job with a deadline that counts from its start.

    A thread cannot be stopped from outside: one that is over time goes on alone, and ends when its job does.
    """

    def __init__(self, threads: int, seconds: float) -> None:
        self._seconds = seconds
        self._jobs: queue.SimpleQueue[_Job[object] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0
        self.given_up = 0
        self.waiting = 0
        for _ in range(threads):
            self._start_thread()

    @property
    def healthy(self) -> bool:
        """Whether there are threads left to decode with."""
        return self.given_up < MOST_GIVEN_UP

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run something in one of the threads.

        Raises:
            Refusal: It took too long.
        """
        job = _Job(work)
        self.waiting += 1
        self._jobs.put(job)  # type: ignore[arg-type]
        try:
            return await job.future
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Let the threads end after what they have begun."""
        for _ in range(self._count):
            self._jobs.put(None)

    def _start_thread(self) -> None:
        # Daemons: one that hangs does not keep the process from ending.
        self._count += 1
        threading.Thread(target=self._work, name="decoder", daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not job.future.cancelled() and not self._go_on_after(job):
                return
            del job

    def _go_on_after(self, job: _Job[object]) -> bool:
        """Do a job; return whether this thread is still one of the pool."""
        with self._lock:
            job.running = True
        job.tell(self._start_clock, job)
        try:
            job.tell(job.succeed, job.work())
        except BaseException as error:
            job.tell(job.fail, error)
        with self._lock:
            job.running = False
            if job.replaced is None:
                return True
            self.given_up -= 1
            return not job.replaced

    def _start_clock(self, job: _Job[object]) -> None:
        if not job.future.done():
            job.timer = job.loop.call_later(self._seconds, self._give_up, job)

    def _give_up(self, job: _Job[object]) -> None:
        with self._lock:
            if not job.running:
                return
            self.given_up += 1
            job.replaced = self.healthy
        if job.replaced:
            self._start_thread()
        job.fail(Refusal("too_slow", f"decoding took longer than {self._seconds:g} s", retry_after=60))
