"""Two models on the same images: the difference, how sure it is, and what may be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround, stored
from cxrtune.evaluation.results import Comparison, PairedResult
from cxrtune.evaluation.statistics.delong import delong
from cxrtune.evaluation.statistics.holm import holm, holm_levels
from cxrtune.evaluation.statistics.swaps import Paired, Swapped, mean_of_pairs, paired_areas, swap

LEVEL = 0.05
FEWEST_PATIENTS = 10
"""With, and without, the finding; with fewer there is an estimate and an interval, but no test."""

HIGHER, LOWER, NOT_SEPARABLE, UNDEFINED = "higher", "lower", "not separable", "undefined"
TOO_FEW = "too few to compare"

_SURE = 3.0  # Monte-Carlo standard errors

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class _Compared:
    """One finding, or the mean: what is known before any test, and the patients' parts of the difference."""

    result: PairedResult
    pair: Paired | None

    @property
    def is_tested(self) -> bool:
        return self.pair is not None and self.result.verdict != TOO_FEW


def compare_all(ground: CommonGround) -> list[Comparison]:
    """Compare every pair of models, the earlier named first."""
    return [compare(ground, first, second) for first, second in combinations(ground.scores, 2)]


def compare(ground: CommonGround, first: str, second: str, within: Mask | None = None) -> Comparison:
    """Compare two models, finding by finding and on the mean of those that both have.

    Args:
        ground: The images, labels and scores.
        first: One model.
        second: The other.
        within: bool (n,), only these images.
    """
    both = [
        column
        for column in range(len(ground.findings))
        if ground.has(first, column) and ground.has(second, column)
    ]
    findings = [_finding(ground, first, second, column, within) for column in both]
    compared = [*findings, _mean(ground, findings, within)]
    pairs = [one.pair for one in compared if one.pair is not None]
    tested = [one.is_tested for one in compared if one.pair is not None]
    has_mean = compared[-1].pair is not None
    drawn = iter(swap(pairs, ground.seed, partial(_is_decided, tested, has_mean)))
    swapped = [None if one.pair is None else next(drawn) for one in compared]
    results = _judged(compared[:-1], swapped[:-1])
    return Comparison(
        first=first,
        second=second,
        findings={ground.findings[column]: result for column, result in zip(both, results, strict=True)},
        macro=_judged(compared[-1:], swapped[-1:])[0],
    )


def _finding(ground: CommonGround, first: str, second: str, column: int, within: Mask | None) -> _Compared:
    keep = ground.usable[:, column] if within is None else ground.usable[:, column] & within
    scores = np.stack([ground.scores[model][keep, column] for model in (first, second)], axis=1)
    truth, patients = ground.truth[keep, column], ground.resamples.codes[keep]
    with_it, without_it = len(np.unique(patients[truth])), len(np.unique(patients[~truth]))
    result = _untested(
        images=int(keep.sum()),
        patients=len(np.unique(patients)),
        positives=int(truth.sum()),
        positive_patients=with_it,
        negative_patients=without_it,
    )
    test = delong(truth, scores)
    if test is None:
        return _Compared(result, None)
    pair = paired_areas(truth, scores, patients, ground.resamples.patients)
    return _Compared(_estimated(result, pair, test.p_value(0, 1)), pair)


def _mean(ground: CommonGround, findings: Sequence[_Compared], within: Mask | None) -> _Compared:
    """Return the mean over the findings; a patient counts once, with whatever findings it has."""
    defined = [one for one in findings if one.pair is not None]
    inside = np.ones(len(ground.rows), dtype=bool) if within is None else within
    codes = ground.resamples.codes[inside]
    any_of_them = (ground.truth & ground.usable)[inside].any(axis=1)
    with_it = len(np.unique(codes[any_of_them]))
    pair = mean_of_pairs([one.pair for one in defined if one.pair is not None]) if defined else None
    # The finding with the fewest patients without it is what the mean can bear.
    without_it = min((one.result.negative_patients for one in defined), default=0)
    result = _untested(
        images=int(inside.sum()),
        patients=len(np.unique(codes)),
        positives=sum(one.result.positives for one in defined),
        positive_patients=with_it,
        negative_patients=without_it,
    )
    return _Compared(result if pair is None else _estimated(result, pair, None), pair)


def _untested(
    *, images: int, patients: int, positives: int, positive_patients: int, negative_patients: int
) -> PairedResult:
    return PairedResult(
        difference=None,
        interval=None,
        interval_holm=None,
        p_delong=None,
        p_patients=None,
        p_error=None,
        p_holm=None,
        verdict=UNDEFINED,
        images=images,
        patients=patients,
        positives=positives,
        positive_patients=positive_patients,
        negative_patients=negative_patients,
    )


def _estimated(result: PairedResult, pair: Paired, p_delong: float | None) -> PairedResult:
    fewest = min(result.positive_patients, result.negative_patients)
    verdict = TOO_FEW if fewest < FEWEST_PATIENTS else UNDEFINED
    update = {"difference": pair.difference, "p_delong": p_delong, "verdict": verdict}
    return result.model_copy(update=update)


def _is_decided(tested: Sequence[bool], has_mean: bool, swapped: Sequence[Swapped]) -> bool:
    """Tell whether each tested p-value is clearly on one side of its level: more draws change nothing."""
    findings = len(swapped) - has_mean
    p_values = [one.p_value() if is_tested else None for one, is_tested in zip(swapped, tested, strict=True)]
    levels = holm_levels(p_values[:findings], LEVEL) + [LEVEL] * has_mean
    return all(
        p_value is None or level is None or abs(p_value - level) > _SURE * one.p_error()
        for one, p_value, level in zip(swapped, p_values, levels, strict=True)
    )


def _judged(compared: Sequence[_Compared], swapped: Sequence[Swapped | None]) -> list[PairedResult]:
    """Fill in intervals, p-values and verdicts; the p-values are corrected over those that are tested."""
    p_values = [
        one.p_value() if one is not None and part.is_tested else None
        for part, one in zip(compared, swapped, strict=True)
    ]
    levels, adjusted = holm_levels(p_values, LEVEL), holm(p_values)
    results = []
    for part, one, p_value, p_holm, level in zip(compared, swapped, p_values, adjusted, levels, strict=True):
        result = part.result
        if one is not None:
            update: dict[str, object] = {"interval": stored(one.interval(LEVEL))}
            if p_value is not None and p_holm is not None and level is not None:
                update |= {
                    "interval_holm": stored(one.interval(level)),
                    "p_patients": p_value,
                    "p_error": one.p_error(),
                    "p_holm": p_holm,
                    "verdict": _verdict(one.difference, p_holm),
                }
            result = result.model_copy(update=update)
        results.append(result)
    return results


def _verdict(difference: float, p_value: float) -> str:
    if p_value > LEVEL:
        return NOT_SEPARABLE
    return HIGHER if difference > 0 else LOWER
