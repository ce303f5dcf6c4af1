"""Holm's correction: p-values that stay honest when there are many of them."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return adjusted p-values; compared with 5 %, they err in any of the tests at most 5 % of the time.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979.

    Args:
        p_values: Each in [0, 1]; None where there was no test, which does not count.
    """
    tested = sorted((value, place) for place, value in enumerate(p_values) if value is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (value, place) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * value))
        adjusted[place] = largest
    return adjusted


def holm_levels(p_values: Sequence[float | None], level: float) -> list[float | None]:
    """Return the level that each p-value had to meet: a test is rejected if and only if it is at most that.

    The step-down levels, `level` over the number of tests that are left; after the first one that is not
    rejected, that one's level stands for all that follow. An interval at this level leaves out zero where the
    adjusted p-value is at most `level`, and only there.

    Args:
        p_values: Each in [0, 1]; None where there was no test.
        level: Of all tests together.
    """
    tested = sorted((value, place) for place, value in enumerate(p_values) if value is not None)
    levels: list[float | None] = [None] * len(p_values)
    at, is_open = level / max(len(tested), 1), True
    for rank, (value, place) in enumerate(tested):
        if is_open:
            at = level / (len(tested) - rank)
            is_open = value <= at
        levels[place] = at
    return levels
