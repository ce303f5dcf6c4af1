"""Holm's correction of p-values for multiple tests."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return adjusted p-values; comparing them with 5 % limits the family-wise error rate to 5 %.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979.

    Args:
        p_values: Each in [0, 1]; None for a test that was not made, which does not count.
    """
    tested = sorted((value, place) for place, value in enumerate(p_values) if value is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (value, place) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * value))
        adjusted[place] = largest
    return adjusted


def holm_levels(p_values: Sequence[float | None], level: float) -> list[float | None]:
    """Return the level for each p-value: a test is rejected if and only if its p-value is at most that.

    The step-down levels are `level` divided by the number of remaining tests; the level of the first test
    that is not rejected applies to all that follow. An interval at this level excludes zero if and only if
    the adjusted p-value is at most `level`.

    Args:
        p_values: Each in [0, 1]; None for a test that was not made.
        level: Level of all tests together.
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
