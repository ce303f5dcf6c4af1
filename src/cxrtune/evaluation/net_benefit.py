"""Net benefit: whether a model's decisions are better than treating every image, or none, as positive.

Vickers and Elkin, "Decision curve analysis: a novel method for evaluating prediction models", Medical
Decision Making 2006.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration.calibrator import Calibrator
from cxrtune.evaluation.common_ground import CommonGround
from cxrtune.evaluation.results import Interval, NetBenefitPoint
from cxrtune.evaluation.statistics.effective_size import kish, student
from cxrtune.evaluation.statistics.proportion import Shares, shares_of

THRESHOLDS = np.arange(1, 61) / 100
"""Thresholds of calibrated probability: at 0.20, four false positives are accepted per true positive."""

IN_RESULTS = (0.05, 0.10, 0.20, 0.30, 0.50)
"""The thresholds whose values are stored with the results."""

_MOST_CELLS = 5_000_000  # patients times thresholds, at 8 bytes in some ten arrays

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """Net benefit at each of T thresholds, float64 (T,), with 95 % limits, NaN where not defined."""

    value: Values
    low: Values
    high: Values


@dataclass(frozen=True)
class NetBenefit:
    """The decision curve of one model for one finding.

    Attributes:
        thresholds: float64 (T,), thresholds of probability.
        called: intp (T,), number of images at or above each threshold.
        model: Net benefit of decisions at the threshold; at most the prevalence.
        treat_all: Net benefit of treating every image as positive.
        gain: `model` minus the better of `treat_all` and 0.
    """

    thresholds: Values
    called: NDArray[np.intp]
    model: Band
    treat_all: Band
    gain: Band

    def points(self) -> list[NetBenefitPoint]:
        """Return the values at the thresholds that are stored with the results."""
        places = [int(np.argmin(np.abs(self.thresholds - threshold))) for threshold in IN_RESULTS]
        return [
            NetBenefitPoint(
                threshold=float(self.thresholds[place]),
                called=int(self.called[place]),
                net_benefit=float(self.model.value[place]),
                treat_all=float(self.treat_all.value[place]),
                gain=float(self.gain.value[place]),
                interval=_interval(self.model, place),
                treat_all_interval=_interval(self.treat_all, place),
                gain_interval=_interval(self.gain, place),
            )
            for place in places
        ]


def net_benefits(
    ground: CommonGround, calibrators: Mapping[str, Mapping[str, Calibrator]]
) -> dict[tuple[str, str], NetBenefit]:
    """Return the decision curve of each model and finding with calibrated probabilities.

    Args:
        ground: The shared test set.
        calibrators: Calibrators by model and finding.
    """
    found = {}
    for name, of_model in calibrators.items():
        for finding, calibrator in of_model.items():
            sample = ground.sample(name, ground.findings.index(finding))
            curve = net_benefit(sample.truth, calibrator(sample.scores), sample.patients)
            if curve is not None:
                found[name, finding] = curve
    return found


def points_of(model: str, found: Mapping[tuple[str, str], NetBenefit]) -> dict[str, list[NetBenefitPoint]]:
    """Return, by finding, the points of a model's decision curves that are stored with the results."""
    return {finding: one.points() for (name, finding), one in found.items() if name == model}


def net_benefit(
    truth: NDArray[np.bool_], probabilities: Values, patients: NDArray[np.intp]
) -> NetBenefit | None:
    """Return the decision curve; None if there are no positives or no negatives.

    A net benefit is one proportion of the images minus the odds times another. The bands are pointwise and
    are computed from the intervals of the two proportions (`statistics/mover.py`), so that they are valid for
    rare findings and for images that are hardly ever below a threshold. They need two patients with the
    finding, and two without.

    Args:
        truth: bool (n,), True for positives.
        probabilities: float64 (n,), calibrated, in [0, 1].
        patients: intp (n,), the patient index of each image, from 0.
    """
    if truth.all() or not truth.any():
        return None
    # The arrays are patients by thresholds: with many patients, only a few thresholds fit at a time.
    blocks = np.array_split(THRESHOLDS, -(-len(THRESHOLDS) * (int(patients.max()) + 1) // _MOST_CELLS))
    parts = [_at(block, truth, probabilities, patients) for block in blocks if len(block)]
    return NetBenefit(
        thresholds=THRESHOLDS,
        called=np.concatenate([part.called for part in parts]),
        model=_joined([part.model for part in parts]),
        treat_all=_joined([part.treat_all for part in parts]),
        gain=_joined([part.gain for part in parts]),
    )


def _joined(bands: Sequence[Band]) -> Band:
    return Band(*(np.concatenate([getattr(band, n) for band in bands]) for n in ("value", "low", "high")))


def _at(
    thresholds: Values, truth: NDArray[np.bool_], probabilities: Values, patients: NDArray[np.intp]
) -> NetBenefit:
    """Return the curve at several thresholds, in ascending order."""
    number = int(patients.max()) + 1
    images = np.bincount(patients, minlength=number)
    has = images > 0
    hits, false = (
        _called(thresholds, probabilities[mask], patients[mask], number)[has] for mask in (truth, ~truth)
    )
    present, absent = (
        np.bincount(patients[mask], minlength=number)[has, np.newaxis] for mask in (truth, ~truth)
    )
    width = student(min(kish(present), kish(absent)))
    tp, fp, fn, tn, all_present, all_absent = (
        shares_of(np.asarray(counts, dtype=np.float64), images[has], width)
        for counts in (hits, false, present - hits, absent - false, present, absent)
    )
    odds = thresholds / (1 - thresholds)
    model, everybody = _less(tp, fp, odds), _treat_all(all_present, all_absent, odds)
    # Findings that the model misses but treating all would find, against the false positives that it avoids.
    over_all = _turned(_less(fn, tn, odds))
    gain = [
        np.where(everybody.value > 0, getattr(over_all, name), getattr(model, name))
        for name in ("value", "low", "high")
    ]
    return NetBenefit(
        thresholds=thresholds,
        called=(hits.sum(axis=0) + false.sum(axis=0)).astype(np.intp),
        model=_known(model, width),
        treat_all=_known(everybody, width),
        gain=_known(Band(*gain), width),
    )


def _less(found: Shares, lost: Shares, odds: Values) -> Band:
    """Return found - odds x lost; each limit combines both errors in its direction."""
    value = found.value - odds * lost.value
    low = np.hypot(found.value - found.low, odds * (lost.high - lost.value))
    high = np.hypot(found.high - found.value, odds * (lost.value - lost.low))
    return Band(value, value - low, value + high)


def _treat_all(present: Shares, absent: Shares, odds: Values) -> Band:
    """Return the net benefit of treating every image as positive: it increases with the prevalence."""
    return Band(
        present.value - odds * absent.value,
        present.low - odds * (1 - present.low),
        present.high - odds * (1 - present.high),
    )


def _turned(band: Band) -> Band:
    return Band(-band.value, -band.high, -band.low)


def _known(band: Band, width: float) -> Band:
    """Return a band, without limits if there are too few patients to compute them."""
    nothing = np.full_like(band.value, np.nan)
    return band if np.isfinite(width) else Band(band.value, nothing, nothing)


def _called(thresholds: Values, probabilities: Values, patients: NDArray[np.intp], number: int) -> Values:
    """Return the number of each patient's images at or above each threshold, float64 (P, T)."""
    steps = len(thresholds) + 1
    passed = np.searchsorted(thresholds, probabilities, "right")
    counts = np.bincount(patients * steps + passed, minlength=number * steps).reshape(number, steps)
    return np.cumsum(counts[:, ::-1], axis=1)[:, -2::-1].astype(np.float64)


def _interval(band: Band, place: int) -> Interval | None:
    low, high = float(band.low[place]), float(band.high[place])
    return None if np.isnan(low) else Interval(low=low, high=high)
