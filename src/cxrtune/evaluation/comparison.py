"""Two models on the same images: the difference, how sure it is, and what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround, interval_of, mean_of
from cxrtune.evaluation.results import Comparison, PairedResult
from cxrtune.evaluation.statistics.areas import AreaReplicates
from cxrtune.evaluation.statistics.delong import DeLong, delong
from cxrtune.evaluation.statistics.holm import holm
from cxrtune.evaluation.statistics.interval import bootstrap_p_value

LEVEL = 0.05
HIGHER, LOWER, NOT_SEPARABLE, UNDEFINED = "higher", "lower", "not separable", "undefined"

Areas = Mapping[tuple[str, int], AreaReplicates]
Mask = NDArray[np.bool_]


def compare_all(ground: CommonGround, areas: Areas) -> list[Comparison]:
    """Compare every pair of models, the earlier named first."""
    return [compare(ground, areas, first, second) for first, second in combinations(ground.scores, 2)]


def compare(
    ground: CommonGround, areas: Areas, first: str, second: str, within: Mask | None = None
) -> Comparison:
    """Compare two models, finding by finding and on the mean of those that both have.

    Args:
        ground: The images, labels and scores.
        areas: The replicates of both models on these images.
        first: One model.
        second: The other.
        within: bool (n,), only these images.
    """
    both = [
        column
        for column in range(len(ground.findings))
        if {(first, column), (second, column)} <= areas.keys()
    ]
    paired = [_pair(ground, areas, first, second, column, within) for column in both]
    adjusted = holm([result.p_patients for result, _ in paired])
    findings = {}
    for column, (result, _), p_value in zip(both, paired, adjusted, strict=True):
        verdict = _verdict(result.difference, p_value)
        findings[ground.findings[column]] = result.model_copy(update={"p_holm": p_value, "verdict": verdict})
    return Comparison(
        first=first,
        second=second,
        findings=findings,
        macro=_macro(ground, [result for result, _ in paired], [values for _, values in paired], within),
    )


def _pair(
    ground: CommonGround, areas: Areas, first: str, second: str, column: int, within: Mask | None
) -> tuple[PairedResult, NDArray[np.float64]]:
    keep = ground.usable[:, column] if within is None else ground.usable[:, column] & within
    scores = np.stack([ground.scores[model][keep, column] for model in (first, second)], axis=1)
    truth = ground.truth[keep, column]
    test = delong(truth, scores)
    replicates = areas[first, column].auroc - areas[second, column].auroc
    result = PairedResult(
        difference=None,
        interval=None,
        p_delong=None,
        p_patients=None,
        p_holm=None,
        verdict=UNDEFINED,
        images=int(keep.sum()),
        patients=len(set(ground.patients[keep])),
        positives=int(truth.sum()),
    )
    return (result if test is None else _tested(result, test, replicates)), replicates


def _tested(result: PairedResult, test: DeLong, replicates: NDArray[np.float64]) -> PairedResult:
    difference = float(test.aurocs[0] - test.aurocs[1])
    return result.model_copy(
        update={
            "difference": difference,
            "interval": interval_of(replicates),
            "p_delong": test.p_value(0, 1),
            "p_patients": bootstrap_p_value(difference, replicates),
        }
    )


def _macro(
    ground: CommonGround,
    results: list[PairedResult],
    replicates: list[NDArray[np.float64]],
    within: Mask | None,
) -> PairedResult:
    defined = [place for place, result in enumerate(results) if result.difference is not None]
    differences = [results[place].difference or 0.0 for place in defined]
    difference = float(np.mean(differences)) if defined else None
    means = mean_of([replicates[place] for place in defined])
    p_value = None if difference is None else bootstrap_p_value(difference, means)
    inside = slice(None) if within is None else within
    return PairedResult(
        difference=difference,
        interval=interval_of(means),
        p_delong=None,
        p_patients=p_value,
        p_holm=p_value,
        verdict=_verdict(difference, p_value),
        images=len(ground.patients[inside]),
        patients=len(set(ground.patients[inside])),
        positives=sum(results[place].positives for place in defined),
    )


def _verdict(difference: float | None, p_value: float | None) -> str:
    if difference is None or p_value is None:
        return UNDEFINED
    if p_value >= LEVEL:
        return NOT_SEPARABLE
    return HIGHER if difference > 0 else LOWER
