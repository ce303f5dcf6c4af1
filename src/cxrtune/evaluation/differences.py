"""Two models on the same images: the difference of their AUROCs and each patient's part in it, untested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from cxrtune.evaluation.common_ground import CommonGround
from cxrtune.evaluation.results import PairedResult
from cxrtune.evaluation.statistics.delong import delong
from cxrtune.evaluation.statistics.swaps import Paired, mean_of_pairs, paired_areas
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS, TOO_FEW, UNDEFINED

_POWER = float(norm.ppf(0.975) + norm.ppf(0.8))

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Difference:
    """One finding, or the mean over findings.

    Attributes:
        result: What is known before any test.
        pair: The patients' parts; None where there is no difference to speak of.
    """

    result: PairedResult
    pair: Paired | None

    @property
    def is_tested(self) -> bool:
        """Whether there are patients enough for a test."""
        return self.pair is not None and self.result.verdict != TOO_FEW


def finding_difference(
    ground: CommonGround, first: str, second: str, column: int, within: Mask | None
) -> Difference:
    """Return the difference on one finding.

    Args:
        ground: The images, labels and scores.
        first: One model.
        second: The other.
        column: Of the finding, of which both have scores.
        within: bool (n,), only these images.
    """
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
        return Difference(result, None)
    pair = paired_areas(truth, scores, patients, ground.resamples.patients)
    return Difference(_estimated(result, pair, test.p_value(0, 1)), pair)


def mean_difference(ground: CommonGround, findings: Sequence[Difference], within: Mask | None) -> Difference:
    """Return the mean over the findings; a patient counts once, with whatever findings it has.

    Args:
        ground: The images, labels and scores.
        findings: The difference on each finding that both models have.
        within: bool (n,), only these images.
    """
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
    return Difference(result if pair is None else _estimated(result, pair, None), pair)


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
        detectable=None,
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
    update = {
        "difference": pair.difference,
        "p_delong": p_delong,
        "verdict": verdict,
        "detectable": _POWER * pair.error or None,
    }
    return result.model_copy(update=update)
