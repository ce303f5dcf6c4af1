"""Likelihood ratios of positive and negative decisions, and predictive values at a stated prevalence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration.calibrator import Calibrator, logit
from cxrtune.evaluation.common_ground import named_interval
from cxrtune.evaluation.results import FindingResult, Interval, Intervals, StatedPrevalence
from cxrtune.evaluation.statistics.mover import Bounded, ratio_interval

Mask = NDArray[np.bool_]
Limits = tuple[float, float]


@dataclass(frozen=True)
class LikelihoodRatios:
    """Both likelihood ratios with their 95 % limits; an upper limit may be infinite.

    Attributes:
        positive: Sensitivity / (1 - specificity); None if there are no false positives.
        negative: (1 - sensitivity) / specificity; None if there are no true negatives.
        positive_limits: Also given if the ratio is not defined: the lower limit is then still informative.
        negative_limits: Likewise.
    """

    positive: float | None
    negative: float | None
    positive_limits: Limits
    negative_limits: Limits

    @property
    def intervals(self) -> Intervals:
        """The limits, by the ratios' names in the results, where ratio and limits are finite."""
        return {
            name: Interval(low=limits[0], high=limits[1])
            for name, value, limits in (
                ("positive_likelihood_ratio", self.positive, self.positive_limits),
                ("negative_likelihood_ratio", self.negative, self.negative_limits),
            )
            if value is not None and math.isfinite(limits[1])
        }

    def predictive_values(self, prevalence: float) -> tuple[Limits, Limits]:
        """Return the limits of both predictive values at this prevalence.

        Bayes' rule for odds is monotone, so the limits of the ratios give the limits of the predictive
        values.
        """
        odds = prevalence / (1 - prevalence)
        (low, high), (least, most) = self.positive_limits, self.negative_limits
        positive = _share(odds * low), _share(odds * high)
        return positive, (1 - _share(odds * most), 1 - _share(odds * least))


def likelihood_ratios(
    calls: Mask, truth: Mask, patients: NDArray[np.intp], intervals: Intervals
) -> LikelihoodRatios | None:
    """Return both ratios; None if there are no positives or no negatives.

    The limits are derived from those of sensitivity and specificity, and from the correlation between
    decisions on positives and negatives of the same patient.

    Args:
        calls: bool (n,), True for positive decisions.
        truth: bool (n,), True for positives.
        patients: intp (n,), the patient index of each image, from 0.
        intervals: Intervals of `recall` and `specificity` of these decisions.
    """
    if not {"recall", "specificity"} <= intervals.keys():
        return None
    sensitivity = _estimate(calls[truth], intervals["recall"])
    specificity = _estimate(~calls[~truth], intervals["specificity"])
    together = _correlation(calls, truth, patients)
    missed, false = _rest(sensitivity), _rest(specificity)
    return LikelihoodRatios(
        positive=sensitivity.value / false.value if false.value else None,
        negative=missed.value / specificity.value if specificity.value else None,
        positive_limits=ratio_interval(sensitivity, false, together),
        negative_limits=ratio_interval(missed, specificity, together),
    )


def at_prevalence(
    result: FindingResult, ratios: LikelihoodRatios | None, stated: float, calibrator: Calibrator | None
) -> StatedPrevalence:
    """Return the predictive values of decisions at a stated prevalence.

    Args:
        result: Result of the finding at the model's threshold.
        ratios: Its likelihood ratios, if available.
        stated: The prevalence, in (0, 1).
        calibrator: Calibrator of the finding; None if it is not calibrated.
    """
    whole = result.support + result.negatives
    factor = None
    if calibrator is not None:
        factor = float(np.exp(logit(np.array(stated)) - logit(np.array(calibrator.prevalence))))
    positive = negative = None
    intervals: Intervals = {}
    if result.recall is not None and result.specificity is not None:
        right, false = stated * result.recall, (1 - stated) * (1 - result.specificity)
        absent, overlooked = (1 - stated) * result.specificity, stated * (1 - result.recall)
        positive = right / (right + false) if right + false else None
        negative = absent / (absent + overlooked) if absent + overlooked else None
    if ratios is not None:
        names = ("positive_predictive_value", "negative_predictive_value")
        for name, value, limits in zip(
            names, (positive, negative), ratios.predictive_values(stated), strict=True
        ):
            intervals |= {} if value is None else named_interval(name, limits)
    return StatedPrevalence(
        prevalence=stated,
        observed=result.support / whole if whole else 0.0,
        positive_predictive_value=positive,
        negative_predictive_value=negative,
        odds_factor=factor,
        intervals=intervals,
    )


def _estimate(right: Mask, interval: Interval) -> Bounded:
    return Bounded(float(right.mean()), interval.low, interval.high)


def _rest(share: Bounded) -> Bounded:
    return Bounded(1 - share.value, 1 - share.high, 1 - share.low)


def _correlation(calls: Mask, truth: Mask, patients: NDArray[np.intp]) -> float:
    """Return the correlation between the true-positive rate and the false-positive rate.

    The correlation of the false-negative and true-negative rates is the same.
    """
    number = int(patients.max()) + 1
    called, false = (
        np.bincount(patients[mask], weights=calls[mask] - calls[mask].mean(), minlength=number)
        for mask in (truth, ~truth)
    )
    spread = math.sqrt(float((called**2).sum() * (false**2).sum()))
    return float(called @ false) / spread if spread else 0.0


def _share(odds: float) -> float:
    return 1.0 if math.isinf(odds) else odds / (1 + odds)
