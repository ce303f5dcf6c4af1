"""The interface to an archive, and the thread that sends results (scored -> done)."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, Protocol

from cxrtune.back_off import BackOff
from cxrtune.errors import OutputError
from cxrtune.logs import where
from cxrtune.serving.dicom_node import LOGGER
from cxrtune.serving.dicom_node.queue import Queue, Result, Unsent

Verdict = Literal["accepted", "refused", "later"]
_TOGETHER = 32  # results in one association
_PATIENCE = 0.5


@dataclass(frozen=True)
class ArchiveAnswer:
    """An archive's answer to one result.

    Attributes:
        verdict: Accepted, permanently refused, or to be retried.
        reason: Why, without names and identifiers; empty if it was accepted.
    """

    verdict: Verdict
    reason: str = ""


class ArchiveAwayError(Exception):
    """The archive cannot be reached, or the connection was lost.

    Attributes:
        reason: Why, without names and identifiers.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Delivery(Protocol):
    """An archive that accepts results."""

    def store(self, results: Sequence[Result]) -> Generator[ArchiveAnswer, None, None]:
        """Store results one by one, and yield the answer to each before the next is sent.

        Raises:
            ArchiveAwayError: The archive cannot be reached; answers yielded before remain valid.
        """
        ...


class Sender:
    """Sends the results of scored instances until it is stopped.

    A result is recorded as sent when the archive has accepted it. A node that is killed in between sends it
    again with the same SOP Instance UID, so that the archive keeps one copy.
    """

    def __init__(self, queue: Queue, delivery: Delivery, back_off: BackOff) -> None:
        self._queue = queue
        self._delivery = delivery
        self._back_off = back_off
        self._failures = 0
        self.wake = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Send results until the event is set."""
        while not stop.is_set():
            try:
                worked = self.step()
            except ArchiveAwayError as error:
                self._failures += 1
                seconds = self._back_off.seconds(self._failures)
                LOGGER.warning("sending: %s; again in %g s", error.reason, seconds)
                stop.wait(seconds)
                continue
            except Exception as error:  # such as a full disk, or a bug: neither may end the thread
                LOGGER.error("sending: %s", error.message if isinstance(error, OutputError) else where(error))
                stop.wait(5.0)
                continue
            self._failures = 0
            if not worked:
                self.wake.wait(_PATIENCE)
                self.wake.clear()

    def step(self) -> bool:
        """Send the next few results, and return whether there were any.

        Raises:
            ArchiveAwayError: The archive cannot be reached.
            OutputError: The queue cannot be written.
        """
        due = self._queue.unsent(_TOGETHER)
        if not due:
            return False
        try:
            with closing(self._delivery.store([unsent.result for unsent in due])) as answers:
                for unsent, answer in zip(due, answers, strict=True):
                    self._note(unsent, answer)
        except ArchiveAwayError as error:
            self._queue.note_trouble(error.reason)
            raise
        return True

    def _note(self, unsent: Unsent, answer: ArchiveAnswer) -> None:
        if answer.verdict == "accepted":
            if self._queue.sent(unsent):
                LOGGER.info("instance %d: done", unsent.instance)
        elif answer.verdict == "refused":
            self._queue.set_aside(unsent.instance, answer.reason)
            LOGGER.warning("instance %d: set aside: %s", unsent.instance, answer.reason)
        else:
            seconds = self._back_off.seconds(self._queue.failures(unsent.instance) + 1)
            self._queue.later(unsent.instance, seconds, answer.reason)
            LOGGER.warning("instance %d: %s; again in %g s", unsent.instance, answer.reason, seconds)
