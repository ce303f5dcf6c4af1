"""When a host that fails is asked again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.back_off import BackOff
from cxrtune.errors import UsageError

_BACK_OFF = BackOff(first_seconds=1.0, longest_seconds=60.0, chance=0.5)


@dataclass(frozen=True)
class RetryPolicy:
    """When to try again, and when to give up.

    Attributes:
        attempts: That may fail in a row without one more byte; one that brings bytes begins the count anew.
        timeout_seconds: For a connection, and between two pieces of an answer.
        back_off: Waits between attempts; by chance, as the connections of one download break together.
        longest_asked_seconds: The longest wait that a host may ask for.
    """

    attempts: int = 8
    timeout_seconds: float = 30.0
    back_off: BackOff = _BACK_OFF
    longest_asked_seconds: float = 600.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: One of them cannot be meant.
        """
        for name in ("attempts", "timeout_seconds", "longest_asked_seconds"):
            value = getattr(self, name)
            if not value > 0:
                raise UsageError(f"{name} is {value}", remedy="Waits and attempts are positive.")
