"""The thread that scores (received -> scored), and the results of an instance for the archive."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from cxrtune.errors import OutputError, UnreadableImageError
from cxrtune.images.reading import Reading
from cxrtune.images.workers import Workers
from cxrtune.logs import where
from cxrtune.recipe import PreprocessSpec
from cxrtune.scoring.prediction import Prediction
from cxrtune.scoring.predictor import Predictor
from cxrtune.serving.dicom_node import LOGGER
from cxrtune.serving.dicom_node.capture import heatmap_capture
from cxrtune.serving.dicom_node.instance import to_result
from cxrtune.serving.dicom_node.queue import Queue, Received, Result
from cxrtune.serving.dicom_node.report import structured_report
from cxrtune.serving.dicom_node.settings import NodeSettings
from cxrtune.serving.dicom_node.source import SourceInstance

MOST_ATTEMPTS = 8
"""Maximum number of attempts: scoring may end the process, because of a decoder or a power failure."""

_BATCH_BYTES = 128 * 2**20
_PATIENCE = 0.5


class Scorer:
    """Scores received instances until it is stopped."""

    def __init__(
        self,
        queue: Queue,
        predictor: Predictor,
        decoders: Workers[bytes, tuple[SourceInstance, Reading]],
        settings: NodeSettings,
    ) -> None:
        self._queue = queue
        self._predictor = predictor
        self._decoders = decoders
        self._batch = settings.batch
        self._maker = ResultMaker(predictor.info.recipe.preprocess, settings.refuse)
        self.wake = threading.Event()

    def run(self, stop: threading.Event, scored: threading.Event) -> None:
        """Score instances until stopped.

        Args:
            stop: Set to stop after the work in progress.
            scored: Set when there are results to send.
        """
        while not stop.is_set():
            try:
                worked = self.step()
            except Exception as error:  # such as a full disk, or a bug: neither may end the thread
                LOGGER.error("scoring: %s", error.message if isinstance(error, OutputError) else where(error))
                stop.wait(5.0)
                continue
            if worked:
                scored.set()
            else:
                self.wake.wait(_PATIENCE)
                self.wake.clear()

    def step(self) -> bool:
        """Score the next few instances, and return whether there were any.

        Raises:
            OutputError: The queue cannot be written.
        """
        taken = self._queue.begin(self._batch, _BATCH_BYTES)
        begun = [(row, future) for row in taken if (future := self._begun(row)) is not None]
        read = [(row, found) for row, future in begun if (found := self._finished(row, future)) is not None]
        if read:
            self._score(read)
        return bool(taken)

    def _begun(self, row: Received) -> Future[tuple[SourceInstance, Reading]] | None:
        """Submit an instance for reading."""
        if row.attempts > MOST_ATTEMPTS:
            self._set_aside(row, f"ended the program {MOST_ATTEMPTS} times while it was scored")
            return None
        try:
            return self._decoders.submit(row.data)
        except Exception as error:
            self._give_up_in_time(row, error)
        return None

    def _finished(
        self, row: Received, future: Future[tuple[SourceInstance, Reading]]
    ) -> tuple[SourceInstance, Reading] | None:
        try:
            return future.result()
        except UnreadableImageError as error:
            self._set_aside(row, error.reason)
        except Exception as error:
            self._give_up_in_time(row, error)
        return None

    def _score(self, read: list[tuple[Received, tuple[SourceInstance, Reading]]]) -> None:
        try:
            predictions = self._predictor.score([reading for _, (_, reading) in read])
        except Exception as error:
            if len(read) > 1:
                # One of them causes the error; scoring each by itself lets the others pass.
                for one in read:
                    self._score([one])
            else:
                self._give_up_in_time(read[0][0], error)
            return
        for (row, (source, _)), prediction in zip(read, predictions, strict=True):
            try:
                results = self._maker.results(source, prediction, row.received)
            except Exception as error:
                self._give_up_in_time(row, error)
                continue
            try:
                self._queue.scored(row.number, results)
            except OutputError:
                with suppress(OutputError):
                    self._queue.begun_in_vain(row.number)
                raise
            LOGGER.info("instance %d: scored, %d results", row.number, len(results))

    def _give_up_in_time(self, row: Received, error: Exception) -> None:
        LOGGER.error("instance %d: attempt %d failed: %s", row.number, row.attempts, where(error))
        if row.attempts >= MOST_ATTEMPTS:
            self._set_aside(row, f"could not be scored: {where(error)}")

    def _set_aside(self, row: Received, reason: str) -> None:
        self._queue.set_aside(row.number, reason)
        LOGGER.info("instance %d: set aside: %s", row.number, reason)


@dataclass(frozen=True)
class ResultMaker:
    """Makes the data sets of a model's predictions.

    Attributes:
        spec: The preprocessing of the model.
        refuse: Omit numbers and heatmaps of images that the quality checks flag.
    """

    spec: PreprocessSpec
    refuse: bool = False

    def results(self, source: SourceInstance, prediction: Prediction, received: float) -> list[Result]:
        """Return the report, and a heatmap of each positive finding; equal inputs give equal results.

        Args:
            source: The radiograph.
            prediction: The model's prediction for it.
            received: When it was received, in seconds since 1970.
        """
        made = [structured_report(source, prediction, received, refuse=self.refuse)]
        if prediction.quality.fit or not self.refuse:
            made += [
                heatmap_capture(source, prediction, finding, number, self.spec, received)
                for number, finding in enumerate(prediction.findings)
                if finding.positive
            ]
        return [to_result(dataset) for dataset in made]
