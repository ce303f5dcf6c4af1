"""How long a host that does not answer is put up with."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cxrtune.errors import UsageError


@dataclass(frozen=True)
class Patience:
    """When to try again, and when to give up.

    Attributes:
        attempts: That may fail in a row without one more byte; one that brings bytes begins the count anew.
        timeout_seconds: For a connection, and between two pieces of an answer.
        first_wait_seconds: After the first failure; each further one doubles it.
        longest_wait_seconds: Where the doubling ends.
        longest_asked_seconds: The longest wait that a host may ask for.
    """

    attempts: int = 8
    timeout_seconds: float = 30.0
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    longest_asked_seconds: float = 600.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: One of them cannot be meant.
        """
        for name, value in vars(self).items():
            if not value > 0:
                raise UsageError(f"{name} is {value}", remedy="Waits and attempts are positive.")

    def wait_seconds(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row.

        Between half and the whole of the doubled wait, by chance: the connections of one download
        that broke together do not come back together.
        """
        doubled = self.first_wait_seconds * 2.0 ** min(max(failures - 1, 0), 30)
        return min(doubled, self.longest_wait_seconds) * random.uniform(0.5, 1.0)
