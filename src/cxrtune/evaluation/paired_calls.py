"""Two models' calls on the same images: does one find more, and does one call fewer for nothing?

The difference of two sensitivities (or specificities) is a mean over the images with (without) the finding,
so the models are swapped within patients as in `comparison`. With one image per patient this is McNemar's
exact test: only the images on which the models differ play a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround, stored
from cxrtune.evaluation.comparison import (
    FEWEST_PATIENTS,
    HIGHER,
    LEVEL,
    LOWER,
    NOT_SEPARABLE,
    TOO_FEW,
    UNDEFINED,
)
from cxrtune.evaluation.results import CallComparison, CallDifference
from cxrtune.evaluation.statistics.holm import holm, holm_levels
from cxrtune.evaluation.statistics.swaps import Paired, Swapped, paired_means, swap

MEASURES = ("sensitivity", "specificity")

_SURE = 3.0  # Monte-Carlo standard errors
_MOST_DRAWS = 80_000

Mask = NDArray[np.bool_]
Thresholds = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class _Compared:
    """One measure of one finding before any test, and the patients' parts of the difference."""

    measure: str
    finding: str
    result: CallDifference
    pair: Paired | None

    @property
    def is_tested(self) -> bool:
        return self.pair is not None and self.result.verdict != TOO_FEW


def compare_all_calls(ground: CommonGround, thresholds: Thresholds) -> list[CallComparison]:
    """Compare every pair of models that have thresholds of a common finding, the earlier named first.

    Args:
        ground: The images, labels and scores.
        thresholds: Each model's, by finding.
    """
    found = [compare_calls(ground, thresholds, *pair) for pair in combinations(ground.scores, 2)]
    return [one for one in found if one is not None]


def compare_calls(
    ground: CommonGround, thresholds: Thresholds, first: str, second: str
) -> CallComparison | None:
    """Compare two models; None where no finding has thresholds of both."""
    compared = [
        _compared(ground, thresholds, (first, second), column, measure)
        for measure in MEASURES
        for column, finding in enumerate(ground.findings)
        if all(ground.has(model, column) and finding in thresholds[model] for model in (first, second))
    ]
    if not compared:
        return None
    pairs = [one.pair for one in compared if one.pair is not None]
    families = [one.measure if one.is_tested else None for one in compared if one.pair is not None]
    drawn = iter(swap(pairs, ground.seed, lambda swapped: _is_decided(families, swapped)))
    swapped = [None if one.pair is None else next(drawn) for one in compared]
    results = {}
    for measure in MEASURES:
        places = [place for place, one in enumerate(compared) if one.measure == measure]
        judged = _judged([compared[place] for place in places], [swapped[place] for place in places])
        results[measure] = {compared[place].finding: one for place, one in zip(places, judged, strict=True)}
    return CallComparison(first=first, second=second, **results)


def _compared(
    ground: CommonGround, thresholds: Thresholds, models: tuple[str, str], column: int, measure: str
) -> _Compared:
    finding, wanted = ground.findings[column], measure == "sensitivity"
    of = ground.usable[:, column] & (ground.truth[:, column] == wanted)
    right = [
        (ground.scores[model][of, column].astype(np.float64) >= thresholds[model][finding]) == wanted
        for model in models
    ]
    patients = ground.resamples.codes[of]
    number = len(np.unique(patients))
    result = CallDifference(
        difference=float(right[0].mean() - right[1].mean()) if len(patients) else None,
        interval=None,
        interval_holm=None,
        p_patients=None,
        p_error=None,
        p_holm=None,
        verdict=UNDEFINED if not number or number >= FEWEST_PATIENTS else TOO_FEW,
        images=len(patients),
        patients=number,
        first_only=int((right[0] & ~right[1]).sum()),
        second_only=int((~right[0] & right[1]).sum()),
    )
    if not number:
        return _Compared(measure, finding, result, None)
    differences = right[0].astype(np.float64) - right[1]
    pair = paired_means(differences, patients, ground.resamples.patients)
    return _Compared(measure, finding, result, pair)


def _is_decided(families: Sequence[str | None], swapped: Sequence[Swapped]) -> bool:
    """Tell whether each tested p-value is clearly on one side of its level, or there were many draws."""
    if len(swapped[0].drawn) >= _MOST_DRAWS:
        return True
    for family in MEASURES:
        tested = [one for one, of in zip(swapped, families, strict=True) if of == family]
        p_values = [one.p_value() for one in tested]
        for one, p_value, level in zip(tested, p_values, holm_levels(p_values, LEVEL), strict=True):
            if level is not None and abs(p_value - level) <= _SURE * one.p_error():
                return False
    return True


def _judged(compared: Sequence[_Compared], swapped: Sequence[Swapped | None]) -> list[CallDifference]:
    """Fill in intervals, p-values and verdicts; the p-values are corrected over the findings tested."""
    p_values = [
        one.p_value() if one is not None and part.is_tested else None
        for part, one in zip(compared, swapped, strict=True)
    ]
    results = []
    for part, one, p_value, p_holm, level in zip(
        compared, swapped, p_values, holm(p_values), holm_levels(p_values, LEVEL), strict=True
    ):
        update: dict[str, object] = {}
        if one is not None:
            update["interval"] = stored(one.interval(LEVEL))
        if one is not None and p_value is not None and p_holm is not None and level is not None:
            update |= {
                "interval_holm": stored(one.interval(level)),
                "p_patients": p_value,
                "p_error": one.p_error(),
                "p_holm": p_holm,
                "verdict": _verdict(one.difference, p_holm),
            }
        results.append(part.result.model_copy(update=update))
    return results


def _verdict(difference: float, p_value: float) -> str:
    if p_value > LEVEL:
        return NOT_SEPARABLE
    return HIGHER if difference > 0 else LOWER
