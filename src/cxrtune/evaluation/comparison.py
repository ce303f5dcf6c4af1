"""Every pair of models on the same images: tests, their correction, and what may be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround, stored
from cxrtune.evaluation.differences import (
    Difference,
    finding_difference,
    mean_difference,
)
from cxrtune.evaluation.plan import MACRO, Plan
from cxrtune.evaluation.results import Comparison, PairedResult
from cxrtune.evaluation.statistics.estimate import LEVEL
from cxrtune.evaluation.statistics.holm import holm, holm_levels
from cxrtune.evaluation.statistics.swaps import Swapped, swap

HIGHER, LOWER, NOT_SEPARABLE = "higher", "lower", "not separable"

_MEAN = ""  # no finding is called so

SURE = 3.0
"""Monte-Carlo standard errors by which a p-value must differ from its level to be decided."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class _Test:
    """One difference under swaps; `swapped` is None where there is nothing to swap."""

    difference: Difference
    swapped: Swapped | None
    is_primary: bool

    @property
    def p_value(self) -> float | None:
        if self.swapped is None or not self.difference.is_tested:
            return None
        return self.swapped.p_value()

    def p_inferior(self, margin: float) -> float | None:
        """Return the p-value of "worse by the margin", by the same two-sided test; 1 where it is worse."""
        if self.swapped is None or not self.difference.is_tested:
            return None
        return self.swapped.p_value(-margin) if self.swapped.difference > -margin else 1.0


def compare_all(ground: CommonGround, plan: Plan = Plan()) -> list[Comparison]:  # noqa: B008  frozen
    """Compare every pair of models, the earlier named first; all tests are corrected together."""
    return _compare(ground, list(combinations(ground.scores, 2)), plan, None)


def compare(
    ground: CommonGround,
    first: str,
    second: str,
    within: Mask | None = None,
    plan: Plan = Plan(),  # noqa: B008  frozen
) -> Comparison:
    """Compare two models, finding by finding and on the mean of those that both have.

    Args:
        ground: The images, labels and scores.
        first: One model.
        second: The other.
        within: bool (n,), only these images.
        plan: What was decided beforehand.
    """
    return _compare(ground, [(first, second)], plan, within)[0]


def compare_means(
    ground: CommonGround, models: Sequence[str], other: str, within: Mask
) -> dict[str, PairedResult]:
    """Compare each of some models with another, on the mean of the findings only.

    Args:
        ground: The images, labels and scores.
        models: Their results are returned, by name.
        other: The model that they are compared with.
        within: bool (n,), only these images.
    """
    means = [
        mean_difference(ground, list(_differences(ground, model, other, within).values()), within)
        for model in models
    ]
    return dict(zip(models, _tested(means, None, Plan(), ground.seed), strict=True))


def _compare(
    ground: CommonGround, pairs: Sequence[tuple[str, str]], plan: Plan, within: Mask | None
) -> list[Comparison]:
    found: list[dict[str, Difference]] = []
    for first, second in pairs:
        differences = _differences(ground, first, second, within)
        mean = mean_difference(ground, list(differences.values()), within)
        found.append(differences | {_MEAN: mean})
    flat = [difference for differences in found for difference in differences.values()]
    # The primary endpoint is one test: of the first pair.
    named = _MEAN if plan.primary == MACRO else plan.primary
    primary = list(found[0]).index(named) if found and named in found[0] else None
    results = iter(_tested(flat, primary, plan, ground.seed))
    comparisons = []
    for (first, second), differences in zip(pairs, found, strict=True):
        judged = {name: next(results) for name in differences}
        macro = judged.pop(_MEAN)
        comparisons.append(Comparison(first=first, second=second, findings=judged, macro=macro))
    return comparisons


def _differences(ground: CommonGround, first: str, second: str, within: Mask | None) -> dict[str, Difference]:
    return {
        finding: finding_difference(ground, first, second, column, within)
        for column, finding in enumerate(ground.findings)
        if ground.has(first, column) and ground.has(second, column)
    }


def _tested(
    differences: Sequence[Difference], primary: int | None, plan: Plan, seed: int
) -> list[PairedResult]:
    """Test all differences under the same swaps, which are drawn until every verdict is decided."""
    places = [place for place, one in enumerate(differences) if one.pair is not None]

    def tests(swapped: Sequence[Swapped]) -> list[_Test]:
        drawn = dict(zip(places, swapped, strict=True))
        return [_Test(one, drawn.get(place), place == primary) for place, one in enumerate(differences)]

    pairs = [one.pair for one in differences if one.pair is not None]
    swapped = swap(pairs, seed, lambda drawn: _is_decided(tests(drawn), plan.margin))
    return _judged(tests(swapped), plan.margin)


def _is_decided(tests: Sequence[_Test], margin: float | None) -> bool:
    """Tell whether each p-value is clearly on one side of its level: more draws change nothing."""
    asked = [[test.p_value for test in tests]]
    asked += [] if margin is None else [[test.p_inferior(margin) for test in tests]]
    return all(
        test.swapped is None
        or p_value is None
        or level is None
        or abs(p_value - level) > SURE * test.swapped.error_of(p_value)
        for p_values in asked
        for test, p_value, level in zip(tests, p_values, _levels(tests, p_values), strict=True)
    )


def _levels(tests: Sequence[_Test], p_values: Sequence[float | None]) -> list[float | None]:
    """Return the level of each test; Holm's over all but the primary endpoint."""
    rest = holm_levels(_without_primary(tests, p_values), LEVEL)
    return [
        LEVEL if test.is_primary and p_value is not None else level
        for test, p_value, level in zip(tests, p_values, rest, strict=True)
    ]


def _corrected(tests: Sequence[_Test], p_values: Sequence[float | None]) -> list[float | None]:
    rest = holm(_without_primary(tests, p_values))
    return [
        p_value if test.is_primary else corrected
        for test, p_value, corrected in zip(tests, p_values, rest, strict=True)
    ]


def _without_primary(tests: Sequence[_Test], p_values: Sequence[float | None]) -> list[float | None]:
    return [None if test.is_primary else p_value for test, p_value in zip(tests, p_values, strict=True)]


def _judged(tests: Sequence[_Test], margin: float | None) -> list[PairedResult]:
    """Fill in intervals, p-values and verdicts."""
    p_values = [test.p_value for test in tests]
    inferior = [None if margin is None else test.p_inferior(margin) for test in tests]
    levels, adjusted, not_inferior = (
        _levels(tests, p_values),
        _corrected(tests, p_values),
        _corrected(tests, inferior),
    )
    results = []
    for test, p_value, p_holm, level, p_margin in zip(
        tests, p_values, adjusted, levels, not_inferior, strict=True
    ):
        update: dict[str, object] = {"primary": test.is_primary, "margin": margin}
        if test.swapped is not None:
            update |= {"interval": stored(test.swapped.interval(LEVEL))}
            if p_value is not None and p_holm is not None and level is not None:
                update |= {
                    "interval_holm": stored(test.swapped.interval(level)),
                    "p_patients": p_value,
                    "p_error": test.swapped.error_of(p_value),
                    "p_holm": p_holm,
                    "verdict": _verdict(test.swapped.difference, p_holm),
                    "p_noninferior": p_margin,
                    "noninferior": None if p_margin is None else p_margin <= LEVEL,
                }
        results.append(test.difference.result.model_copy(update=update))
    return results


def _verdict(difference: float, p_value: float) -> str:
    if p_value > LEVEL:
        return NOT_SEPARABLE
    return HIGHER if difference > 0 else LOWER
