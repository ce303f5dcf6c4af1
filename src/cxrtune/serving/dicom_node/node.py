"""The node: three threads that share one queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cxrtune.errors import UnreadableImageError
from cxrtune.images.decoding_process import DecodingLimits
from cxrtune.images.workers import Workers
from cxrtune.scoring.predictor import Predictor
from cxrtune.serving.dicom_node import LOGGER
from cxrtune.serving.dicom_node.queue import Queue
from cxrtune.serving.dicom_node.queue.file import held
from cxrtune.serving.dicom_node.receive import Receiver, listening
from cxrtune.serving.dicom_node.scorer import Scorer
from cxrtune.serving.dicom_node.sender import Delivery, Sender
from cxrtune.serving.dicom_node.settings import NodeSettings
from cxrtune.serving.dicom_node.source import instance_reader, read_source
from cxrtune.stopping import setting_on_stop

_HOUR = 3600.0
_LOOK = 0.2


def run_node(
    predictor: Predictor,
    delivery: Delivery,
    settings: NodeSettings,
    queue: Path,
    ready: Callable[[int], None],
) -> None:
    """Receive, score and send until SIGINT or SIGTERM; what is still queued is processed at the next start.

    Args:
        predictor: Scores the images.
        delivery: Where results are sent.
        settings: The operator's settings.
        queue: The queue file.
        ready: Called with the port once the node accepts connections.

    Raises:
        UsageError: The port or the queue is in use by another process.
        DataError: The file is not a valid queue.
        OutputError: The queue cannot be written.
    """
    stop = threading.Event()
    with (
        held(queue),
        closing(Queue(queue, settings.limits)) as opened,
        setting_on_stop(stop),
        _working(opened, predictor, delivery, settings, stop) as scorer,
        listening(Receiver(opened, scorer.wake.set), settings) as port,
    ):
        ready(port)
        while not stop.is_set():
            if gone := opened.forget(settings.keep_days):
                LOGGER.info("%d finished instances forgotten", gone)
            stop.wait(_HOUR)


def work_through(
    predictor: Predictor, delivery: Delivery, settings: NodeSettings, queue: Path, files: Iterable[bytes]
) -> None:
    """Queue instances, score and send them, and return when the queue is empty.

    Args:
        predictor: Scores the images.
        delivery: Where results are sent.
        settings: The operator's settings; no port is opened.
        queue: The queue file.
        files: The bytes of DICOM files.

    Raises:
        UsageError: The queue is in use by another node.
        DataError: The file is not a valid queue.
        OutputError: The queue is full, or cannot be written.
    """
    stop = threading.Event()
    with (
        held(queue),
        closing(Queue(queue, settings.limits)) as opened,
        setting_on_stop(stop),
        _working(opened, predictor, delivery, settings, stop),
    ):
        for data in files:
            if stop.is_set():
                return
            try:
                opened.put(read_source(data).sop_instance, data)
            except UnreadableImageError as error:
                LOGGER.warning("refused: an instance %s", error.reason)
        while not stop.wait(_LOOK) and opened.waiting():
            pass


@contextmanager
def _working(
    queue: Queue, predictor: Predictor, delivery: Delivery, settings: NodeSettings, stop: threading.Event
) -> Iterator[Scorer]:
    """Score and send within the block; on exit, finish the work in progress."""
    with Workers(
        instance_reader(predictor.info.recipe.preprocess, predictor.allow),
        settings.decoders,
        limits=DecodingLimits(settings.decode_seconds),
    ) as decoders:
        scorer = Scorer(queue, predictor, decoders, settings)
        sender = Sender(queue, delivery, settings.back_off)
        threads = [
            threading.Thread(target=scorer.run, args=(stop, sender.wake), name="scoring"),
            threading.Thread(target=sender.run, args=(stop,), name="sending"),
        ]
        for thread in threads:
            thread.start()
        try:
            yield scorer
        finally:
            stop.set()
            scorer.wake.set()
            sender.wake.set()
            for thread in threads:
                thread.join()
