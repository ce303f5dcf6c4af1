"""What stands behind the routes: files in, predictions or refusals out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from cxrtune.errors import DecodingTooSlowError, UnreadableImageError
from cxrtune.images.decoders import Decoders
from cxrtune.images.decoding_process import DecodingLimits
from cxrtune.images.reading import Reading
from cxrtune.scoring.prediction import Prediction
from cxrtune.scoring.predictor import Predictor
from cxrtune.serving.web.batcher import Batcher
from cxrtune.serving.web.body import Budget
from cxrtune.serving.web.monitoring import Metrics
from cxrtune.serving.web.multipart import File
from cxrtune.serving.web.refusals import Refusal
from cxrtune.serving.web.settings import ServiceSettings

Answer = TypeVar("Answer")

_DECODED_BATCHES = 2  # that may be in memory: one in the engine, one ready for it


class Service:
    """One model, its engine, and the queue before it."""

    def __init__(self, predictor: Predictor, settings: ServiceSettings) -> None:
        self.predictor = predictor
        self.settings = settings
        self.metrics = Metrics()
        self.bodies = Budget(settings.limits.memory_bytes)
        self.waiting = 0
        self._decoders: Decoders[Path | bytes, Reading] | None = None
        self._reading = 0
        self._batcher = Batcher(predictor.score, settings.batching, self.metrics, lambda: self._reading)
        self._decoded = asyncio.Semaphore(_DECODED_BATCHES * settings.batching.largest)
        self._runner: asyncio.Task[None] | None = None
        watch = self.metrics.watch
        watch("cxrtune_waiting_pictures", "Accepted and not yet answered.", lambda: self.waiting)
        watch("cxrtune_bodies_bytes", "Of bodies in memory.", lambda: self.bodies.taken)
        watch(
            "cxrtune_ended_decoders",
            "Decoding processes that died over an image or were ended for their time.",
            lambda: 0 if self._decoders is None else self._decoders.ended,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Score what is asked for, until the end."""
        limits = self.settings.limits
        make = self.predictor.reader(whole=True, max_pixels=limits.pixels)
        bounds = DecodingLimits.for_pixels(limits.pixels, limits.decode_seconds)
        with Decoders(make, self.settings.batching.decoders, limits=bounds) as self._decoders:
            await asyncio.to_thread(self._decoders.wait_until_ready)
            self._runner = asyncio.create_task(self._batcher.run())
            try:
                yield
            finally:
                self._runner.cancel()
                await asyncio.gather(self._runner, return_exceptions=True)

    @property
    def ready(self) -> bool:
        """Whether the engine and the decoders work."""
        working = self._runner is not None and not self._runner.done()
        return working and self._decoders is not None and self._decoders.healthy

    def check_room(self) -> None:
        """Refuse before a body is read, if it could not be answered anyway.

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
            finish: Makes the answer of a prediction.
            aside: It takes so long that it is done in a thread beside the event loop.

        Returns:
            For each file its answer, or why there is none.

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
            # It may be the machine that is slow, and not the image.
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
            self.metrics.pictures.inc()
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
                f"{self.waiting} pictures are waiting already",
                remedy="Come again after Retry-After seconds.",
                retry_after=self._retry_after(),
            )
        self.waiting += count
        try:
            yield
        finally:
            self.waiting -= count

    def _retry_after(self) -> int:
        # A queue that is full is half empty after half its pictures; a tenth of a second a picture is slow.
        return max(1, round(self.settings.limits.waiting * 0.05))
