"""How long to wait before something that failed is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cxrtune.errors import UsageError


@dataclass(frozen=True)
class BackOff:
    """Waits that double with each failure in a row.

    Attributes:
        first_seconds: After the first failure.
        longest_seconds: Where the doubling ends.
        chance: Share of a wait that is left to chance, in [0, 1): what broke together does not come back
            together.
    """

    first_seconds: float
    longest_seconds: float
    chance: float = 0.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: One of them cannot be meant.
        """
        for name in ("first_seconds", "longest_seconds"):
            value = getattr(self, name)
            if not value > 0:
                raise UsageError(f"{name} is {value}", remedy="Waits are positive.")
        if not 0 <= self.chance < 1:
            raise UsageError(f"chance is {self.chance}", remedy="It is a share: at least 0, and below 1.")

    def seconds(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row."""
        doubled = self.first_seconds * 2.0 ** min(max(failures - 1, 0), 32)
        return float(min(self.longest_seconds, doubled) * random.uniform(1 - self.chance, 1))
