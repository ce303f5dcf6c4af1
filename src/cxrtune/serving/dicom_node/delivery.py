"""Ways to an archive, as the sender sees them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from cxrtune.serving.dicom_node.queue import Result

Verdict = Literal["accepted", "refused", "later"]


@dataclass(frozen=True)
class ArchiveAnswer:
    """What an archive said to one result.

    Attributes:
        verdict: Accepted; refused for good; or to be tried again.
        reason: Why, without name and identifier; empty where it was accepted.
    """

    verdict: Verdict
    reason: str = ""


class ArchiveAwayError(Exception):
    """The archive cannot be reached, or went away in the middle.

    Attributes:
        reason: Without name and identifier.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Delivery(Protocol):
    """An archive that takes results."""

    def store(self, results: Sequence[Result]) -> Generator[ArchiveAnswer, None, None]:
        """Store results in turn, and yield the answer to each before the next is sent.

        Raises:
            ArchiveAwayError: The archive is not there; what was answered before stays true.
        """
        ...
