"""The service behind the routes: scores files in batches on one engine; returns predictions or refusals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cxrtune.errors import DecodingTooSlowError, UnreadableImageError
from cxrtune.images.decoding_process import DecodingLimits
from cxrtune.images.reading import Reading
from cxrtune.images.workers import Workers
from cxrtune.scoring.prediction import Prediction
from cxrtune.scoring.predictor import Predictor
from cxrtune.serving.web.body import Budget, File
from cxrtune.serving.web.monitoring import Metrics
from cxrtune.serving.web.refusals import Refusal
from cxrtune.serving.web.settings import Batching, ServiceSettings

Answer = TypeVar("Answer")

_DECODED_BATCHES = 2  # maximum in memory: one in the engine, one ready for it


class Service:
    """One model, its engine, and the queue of the engine."""

    def __init__(self, predictor: Predictor, settings: ServiceSettings) -> None:
        self.predictor = predictor
        self.settings = settings
        self.metrics = Metrics()
        self.bodies = Budget(settings.limits.memory_bytes)
        self.waiting = 0
        self._decoders: Workers[Path | bytes, Reading] | None = None
        self._reading = 0
        self._batcher = Batcher(predictor.score, settings.batching, self.metrics, lambda: self._reading)
        self._decoded = asyncio.Semaphore(_DECODED_BATCHES * settings.batching.largest)
        self._runner: asyncio.Task[None] | None = None
        watch = self.metrics.watch
        watch("cxrtune_waiting_images", "Accepted and not yet answered.", lambda: self.waiting)
        watch("cxrtune_bodies_bytes", "Of bodies in memory.", lambda: self.bodies.taken)
        watch(
            "cxrtune_ended_decoders",
            "Decoding processes that died over an image or were ended for their time.",
            lambda: 0 if self._decoders is None else self._decoders.ended,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Score submitted images within the block."""
        limits = self.settings.limits
        make = self.predictor.reader(whole=True, max_pixels=limits.pixels)
        bounds = DecodingLimits.for_pixels(limits.pixels, limits.decode_seconds)
        with Workers(make, self.settings.batching.decoders, limits=bounds) as self._decoders:
            await asyncio.to_thread(self._decoders.wait_until_ready)
            self._runner = asyncio.create_task(self._batcher.run())
            try:
                yield
            finally:
                self._runner.cancel()
                await asyncio.gather(self._runner, return_exceptions=True)

    @property
    def ready(self) -> bool:
        """Whether the engine and the decoders are working."""
        working = self._runner is not None and not self._runner.done()
        return working and self._decoders is not None and self._decoders.healthy

    def check_room(self) -> None:
        """Refuse a request before its body is read if the queue has no room for it.

        Raises:
            Refusal: The queue is full.
        """
        with self._admitted(1):
            pass

    async def answers(
        self, files: list[File], finish: Callable[[Prediction], Answer], *, aside: bool
    ) -> list[Answer | Refusal]:
        """Score files.

        Args:
            files: PNG, JPEG, TIFF or DICOM.
            finish: Converts a prediction to its answer.
            aside: Whether `finish` is slow, and must run in a thread outside the event loop.

        Returns:
            For each file, its answer or its refusal.

        Raises:
            Refusal: The queue is full.
        """
        with self._admitted(len(files)):
            answers = list(await asyncio.gather(*(self._in_time(file, finish, aside) for file in files)))
        for one in answers:
            if isinstance(one, Refusal):
                self.metrics.refusals.labels(one.reason).inc()
        return answers

    async def _in_time(
        self, file: File, finish: Callable[[Prediction], Answer], aside: bool
    ) -> Answer | Refusal:
        seconds = self.settings.limits.answer_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._answer(file, finish, aside)
        except Refusal as refusal:
            return refusal
        except DecodingTooSlowError as error:
            # The machine may be slow, rather than the image.
            return Refusal(
                "too_slow", f"decoding took longer than {error.seconds:g} s", retry_after=self._retry_after()
            )
        except UnreadableImageError as error:
            return Refusal("unreadable_image", error.reason)
        except TimeoutError:
            return Refusal(
                "too_slow",
                f"the answer was not ready within {seconds:g} s",
                remedy="Come again later.",
                retry_after=self._retry_after(),
            )

    async def _answer(self, file: File, finish: Callable[[Prediction], Answer], aside: bool) -> Answer:
        async with self._decoded:
            with self.metrics.decode_seconds.time():
                reading = await self._read(file.data)
            prediction = await self._batcher.score(reading)
            self.metrics.images.inc()
            return await asyncio.to_thread(finish, prediction) if aside else finish(prediction)

    async def _read(self, data: bytes) -> Reading:
        assert self._decoders is not None
        self._reading += 1
        try:
            return await asyncio.wrap_future(self._decoders.submit(data))
        finally:
            self._reading -= 1

    @contextmanager
    def _admitted(self, count: int) -> Iterator[None]:
        if self.waiting + count > self.settings.limits.waiting:
            raise Refusal(
                "queue_full",
                f"{self.waiting} images are waiting already",
                remedy="Come again after Retry-After seconds.",
                retry_after=self._retry_after(),
            )
        self.waiting += count
        try:
            yield
        finally:
            self.waiting -= count

    def _retry_after(self) -> int:
        # A full queue is half empty after half of its images; 0.1 s per image is a slow engine.
        return max(1, round(self.settings.limits.waiting * 0.05))


@dataclass(frozen=True)
class _Waiting:
    reading: Reading
    future: asyncio.Future[Prediction]


class Batcher:
    """Collects images while the engine is busy; an idle engine waits only for images being decoded."""

    def __init__(
        self,
        score: Callable[[Sequence[Reading]], list[Prediction]],
        batching: Batching,
        metrics: Metrics,
        coming: Callable[[], int],
    ) -> None:
        """Create the batcher; nothing is scored before `run`.

        Args:
            score: Runs the engine; called in its own thread.
            batching: Maximum batch size and waiting time.
            metrics: Metrics in which batches are counted.
            coming: Returns the number of images being decoded.
        """
        self._score = score
        self._batching = batching
        self._metrics = metrics
        self._coming = coming
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="engine")

    async def score(self, reading: Reading) -> Prediction:
        """Score one image, in a batch with other waiting images."""
        future: asyncio.Future[Prediction] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(reading, future))
        return await future

    async def run(self) -> None:
        """Score images as they arrive, until cancelled."""
        try:
            while True:
                batch = [waiting for waiting in await self._gather() if not waiting.future.done()]
                if batch:
                    await self._score_batch(batch)
        finally:
            self._engine.shutdown(wait=True)

    async def _gather(self) -> list[_Waiting]:
        batch = [await self._queue.get()]
        latest = time.monotonic() + self._batching.patience_seconds
        while len(batch) < self._batching.largest:
            if not self._queue.empty():
                batch.append(self._queue.get_nowait())
                continue
            left = latest - time.monotonic()
            if left <= 0 or not self._coming():
                break
            try:
                batch.append(await asyncio.wait_for(self._queue.get(), left))
            except TimeoutError:
                break
        return batch

    async def _score_batch(self, batch: list[_Waiting]) -> None:
        readings = [waiting.reading for waiting in batch]
        self._metrics.batch_images.observe(len(batch))
        try:
            with self._metrics.batch_seconds.time():
                predictions = await asyncio.get_running_loop().run_in_executor(
                    self._engine, self._score, readings
                )
        except Exception as error:  # reported to the callers; the next batch is not affected
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_exception(error)
            return
        for waiting, prediction in zip(batch, predictions, strict=True):
            if not waiting.future.done():
                waiting.future.set_result(prediction)
