"""Compare two models' decisions on the same images: sensitivity and specificity.

The difference of two sensitivities (or specificities) is a mean over the images with (without) the finding,
so that the models are swapped within patients as in `comparison`. With one image per patient this is
McNemar's exact test: only the images on which the models differ contribute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround
from cxrtune.evaluation.results import CallComparison, CallDifference
from cxrtune.evaluation.statistics.swaps import Paired, paired_means
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS, TOO_FEW, UNDEFINED, Question, verdicts

MEASURES = ("sensitivity", "specificity")

_MOST_DRAWS = 80_000

Mask = NDArray[np.bool_]
Thresholds = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class _Compared:
    """One measure of one finding before any test, with each patient's contribution to the difference."""

    measure: str
    finding: str
    result: CallDifference
    pair: Paired | None

    @property
    def is_tested(self) -> bool:
        return self.pair is not None and self.result.verdict != TOO_FEW


def compare_all_calls(ground: CommonGround, thresholds: Thresholds) -> list[CallComparison]:
    """Compare every pair of models with thresholds for the same finding, in the given order.

    Sensitivities are corrected together, over findings and pairs, and so are specificities.

    Args:
        ground: The shared test set.
        thresholds: Thresholds by model and finding.
    """
    pairs = list(combinations(ground.scores, 2))
    compared = [_of_pair(ground, thresholds, pair) for pair in pairs]
    questions = [Question(one.pair, one.is_tested, one.measure) for found in compared for one in found]
    known = iter(verdicts(questions, ground.seed, most=_MOST_DRAWS))
    return [
        _comparison(pair, [(one, next(known)) for one in found])
        for pair, found in zip(pairs, compared, strict=True)
        if found
    ]


def _of_pair(ground: CommonGround, thresholds: Thresholds, models: tuple[str, str]) -> list[_Compared]:
    return [
        _compared(ground, thresholds, models, column, measure)
        for measure in MEASURES
        for column, finding in enumerate(ground.findings)
        if all(ground.has(model, column) and finding in thresholds[model] for model in models)
    ]


def _comparison(
    models: tuple[str, str], judged: Sequence[tuple[_Compared, dict[str, object]]]
) -> CallComparison:
    results: dict[str, dict[str, CallDifference]] = {measure: {} for measure in MEASURES}
    for one, known in judged:
        results[one.measure][one.finding] = one.result.model_copy(update=known)
    return CallComparison(first=models[0], second=models[1], **results)


def _compared(
    ground: CommonGround, thresholds: Thresholds, models: tuple[str, str], column: int, measure: str
) -> _Compared:
    finding, wanted = ground.findings[column], measure == "sensitivity"
    both = [ground.sample(model, column, ground.truth[:, column] == wanted) for model in models]
    right = [one.calls(thresholds[model][finding]) == wanted for model, one in zip(models, both, strict=True)]
    patients = both[0].patients
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
