"""Every pair of models on the same images: tests, their correction, and what may be said."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround
from cxrtune.evaluation.differences import Difference, finding_difference, mean_difference
from cxrtune.evaluation.plan import MACRO, Plan
from cxrtune.evaluation.results import Comparison, PairedResult
from cxrtune.evaluation.verdicts import Question, verdicts

_MEAN = ""  # no finding is called so
_PRIMARY = "primary"

Mask = NDArray[np.bool_]


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
    """Test all differences together; the primary endpoint is a family of its own."""
    questions = [
        Question(one.pair, one.is_tested, _PRIMARY if place == primary else "")
        for place, one in enumerate(differences)
    ]
    return [
        one.result.model_copy(update={"primary": place == primary, "margin": plan.margin} | known)
        for place, (one, known) in enumerate(
            zip(differences, verdicts(questions, seed, plan.margin), strict=True)
        )
    ]
