"""Delays between retries of a failed operation."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cxrtune.errors import UsageError


@dataclass(frozen=True)
class BackOff:
    """Delays that double with each consecutive failure.

    Attributes:
        first_seconds: Delay after the first failure.
        longest_seconds: Maximum delay.
        chance: Fraction of a delay that is random, in [0, 1), so that clients which failed together do not
            retry together.
    """

    first_seconds: float
    longest_seconds: float
    chance: float = 0.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: A value is not valid.
        """
        for name in ("first_seconds", "longest_seconds"):
            value = getattr(self, name)
            if not value > 0:
                raise UsageError(f"{name} is {value}", remedy="Waits are positive.")
        if not 0 <= self.chance < 1:
            raise UsageError(f"chance is {self.chance}", remedy="It is a share: at least 0, and below 1.")

    def seconds(self, failures: int) -> float:
        """Return the delay after a number of consecutive failures."""
        doubled = self.first_seconds * 2.0 ** min(max(failures - 1, 0), 32)
        return float(min(self.longest_seconds, doubled) * random.uniform(1 - self.chance, 1))
