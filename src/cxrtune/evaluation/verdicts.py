"""Test many differences under the same swaps, with corrections, intervals and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cxrtune.evaluation.common_ground import stored
from cxrtune.evaluation.statistics.effective_size import LEVEL
from cxrtune.evaluation.statistics.holm import holm, holm_levels
from cxrtune.evaluation.statistics.swaps import Paired, Swapped, swap

HIGHER, LOWER, NOT_SEPARABLE = "higher", "lower", "not separable"
TOO_FEW, UNDEFINED = "too few to compare", "undefined"

FEWEST_PATIENTS = 10
"""Minimum number of patients on each side for a test; with fewer there is only an estimate with interval."""

SURE = 3.0
"""Monte-Carlo standard errors by which a p-value must differ from its level to be decided."""

PValues = list[float | None]


@dataclass(frozen=True)
class Question:
    """One difference to be tested.

    Attributes:
        pair: Contributions of the patients; None if not available.
        is_tested: Whether there are enough patients for a test.
        family: P-values of the same family are corrected together.
    """

    pair: Paired | None
    is_tested: bool
    family: str = ""


@dataclass(frozen=True)
class _Test:
    """One difference under swaps; without anything to swap, `swapped` holds None."""

    question: Question
    swapped: Swapped | None

    def p_value(self, margin: float) -> float | None:
        """Return the two-sided p-value of "worse by the margin"; 1 if it is worse by more."""
        if self.swapped is None or not self.question.is_tested:
            return None
        if margin and self.swapped.difference <= -margin:
            return 1.0
        return self.swapped.p_value(-margin)


def verdicts(
    questions: Sequence[Question], seed: int, margin: float | None = None, most: int | None = None
) -> list[dict[str, object]]:
    """Test all differences, with random swaps until every verdict is decided.

    Args:
        questions: Differences of the same patients.
        seed: Random seed of the swaps.
        margin: Non-inferiority margin; None omits the test.
        most: Maximum number of draws, after which p-values stay undecided; None for the maximum of `swap`.

    Returns:
        For each, a dictionary with names as in the results: `interval` if it can be swapped, and
        `interval_holm`, `p_patients`, `p_error`, `p_holm`, `verdict`, and with a margin `p_noninferior` and
        `noninferior`, if it is tested.
    """
    places = [place for place, one in enumerate(questions) if one.pair is not None]

    def tests(swapped: Sequence[Swapped]) -> list[_Test]:
        drawn = dict(zip(places, swapped, strict=True))
        return [_Test(one, drawn.get(place)) for place, one in enumerate(questions)]

    pairs = [one.pair for one in questions if one.pair is not None]

    def is_enough(drawn: Sequence[Swapped]) -> bool:
        is_most = most is not None and len(drawn[0].drawn) >= most
        return is_most or _is_decided(tests(drawn), margin)

    return _judged(tests(swap(pairs, seed, is_enough)), margin)


def _is_decided(tests: Sequence[_Test], margin: float | None) -> bool:
    """Return whether each p-value is clearly on one side of its level, so that more draws change nothing."""
    for asked in (0.0,) if margin is None else (0.0, margin):
        p_values = [test.p_value(asked) for test in tests]
        levels = _by_family(tests, p_values, lambda values: holm_levels(values, LEVEL))
        for test, p_value, level in zip(tests, p_values, levels, strict=True):
            if test.swapped is None or p_value is None or level is None:
                continue
            if abs(p_value - level) <= SURE * test.swapped.error_of(p_value):
                return False
    return True


def _by_family(tests: Sequence[_Test], p_values: PValues, corrected: Callable[[PValues], PValues]) -> PValues:
    """Correct the p-values of each family separately."""
    found: PValues = [None] * len(tests)
    for family in {test.question.family for test in tests}:
        places = [place for place, test in enumerate(tests) if test.question.family == family]
        for place, value in zip(places, corrected([p_values[place] for place in places]), strict=True):
            found[place] = value
    return found


def _judged(tests: Sequence[_Test], margin: float | None) -> list[dict[str, object]]:
    p_values = [test.p_value(0.0) for test in tests]
    levels = _by_family(tests, p_values, lambda values: holm_levels(values, LEVEL))
    adjusted = _by_family(tests, p_values, holm)
    inferior = [None if margin is None else test.p_value(margin) for test in tests]
    known: list[dict[str, object]] = []
    for test, p_value, level, p_holm, p_margin in zip(
        tests, p_values, levels, adjusted, _by_family(tests, inferior, holm), strict=True
    ):
        found: dict[str, object] = {}
        if test.swapped is not None:
            found["interval"] = stored(test.swapped.interval(LEVEL))
            if p_value is not None and level is not None and p_holm is not None:
                found |= {
                    "interval_holm": stored(test.swapped.interval(level)),
                    "p_patients": p_value,
                    "p_error": test.swapped.error_of(p_value),
                    "p_holm": p_holm,
                    "verdict": _verdict(test.swapped.difference, p_holm),
                }
                if p_margin is not None:
                    found |= {"p_noninferior": p_margin, "noninferior": p_margin <= LEVEL}
        known.append(found)
    return known


def _verdict(difference: float, p_value: float) -> str:
    if p_value > LEVEL:
        return NOT_SEPARABLE
    return HIGHER if difference > 0 else LOWER
