"""The memory that bodies may fill, all together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cxrtune.serving.web.refusals import Refusal


class Budget:
    """Counts the bytes of all bodies that are in memory."""

    def __init__(self, whole: int) -> None:
        self._whole = whole
        self.taken = 0

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """Return what one request takes from the budget; afterwards it is given back."""
        lease = Lease(self)
        try:
            yield lease
        finally:
            self.taken -= lease.taken

    def take(self, count: int) -> None:
        """Take bytes.

        Raises:
            Refusal: There are not so many left.
        """
        if self.taken + count > self._whole:
            raise Refusal(
                "memory_full",
                "too many bodies are under way",
                remedy="Come again in a few seconds.",
                retry_after=5,
            )
        self.taken += count


@dataclass
class Lease:
    """The share of one request."""

    budget: Budget
    taken: int = 0

    def take(self, count: int) -> None:
        """Take more bytes.

        Raises:
            Refusal: The budget has not so many left.
        """
        self.budget.take(count)
        self.taken += count
