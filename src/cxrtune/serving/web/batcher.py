"""Pictures from many requests -> small batches for the one engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cxrtune.images.reading import Reading
from cxrtune.scoring.prediction import Prediction
from cxrtune.serving.web.monitoring import Metrics
from cxrtune.serving.web.settings import Batching


@dataclass(frozen=True)
class _Waiting:
    reading: Reading
    future: asyncio.Future[Prediction]


class Batcher:
    """Gathers pictures while the engine is busy; an idle engine waits only for what is being decoded."""

    def __init__(
        self,
        score: Callable[[Sequence[Reading]], list[Prediction]],
        batching: Batching,
        metrics: Metrics,
        coming: Callable[[], int],
    ) -> None:
        """Set up; nothing is scored before `run`.

        Args:
            score: Runs the engine, in a thread of its own.
            batching: How many pictures, and how long.
            metrics: Batches are counted there.
            coming: How many pictures are being decoded.
        """
        self._score = score
        self._batching = batching
        self._metrics = metrics
        self._coming = coming
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="engine")

    async def score(self, reading: Reading) -> Prediction:
        """Score one picture together with what else there is."""
        future: asyncio.Future[Prediction] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(reading, future))
        return await future

    async def run(self) -> None:
        """Score whatever arrives, until cancelled."""
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
        self._metrics.batch_pictures.observe(len(batch))
        try:
            with self._metrics.batch_seconds.time():
                predictions = await asyncio.get_running_loop().run_in_executor(
                    self._engine, self._score, readings
                )
        except Exception as error:  # whoever asked is told; the next batch is another matter
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_exception(error)
            return
        for waiting, prediction in zip(batch, predictions, strict=True):
            if not waiting.future.done():
                waiting.future.set_result(prediction)
