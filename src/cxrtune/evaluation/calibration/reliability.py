"""How well probabilities agree with how often a finding is there, before and after calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration.calibrator import Calibrator
from cxrtune.evaluation.calibration.slope import Agreement, agreement
from cxrtune.evaluation.common_ground import CommonGround, interval_of, named_interval
from cxrtune.evaluation.results import CalibrationQuality, CalibrationResult, Intervals, ReliabilityBin
from cxrtune.evaluation.statistics.bootstrap import Resamples
from cxrtune.evaluation.statistics.effective_size import Z95

BINS = 10
_DRAWS = 2_000

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """One point of a reliability diagram.

    Attributes:
        predicted: Mean probability of its images, in [0, 1].
        observed: Share of positives among them.
        low: Lower end of the 95 % interval of `observed` (Wilson, JASA 1927), images taken as independent.
        high: Its upper end.
        images: How many they are.
    """

    predicted: float
    observed: float
    low: float
    high: float
    images: int


def brier(truth: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> float:
    """Return the mean squared difference from 0 or 1 (Brier, Monthly Weather Review 1950)."""
    return float(np.mean((probabilities.astype(np.float64) - truth) ** 2))


def log_loss(truth: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> float:
    """Return the mean negative logarithm of the probability of what is true, cut at 1e-12."""
    right = np.where(truth, probabilities, 1 - probabilities)
    return float(-np.mean(np.log(np.maximum(right, 1e-12))))


def error_of(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean over the images of |observed - predicted| in their bin.

    Of bins of equal mass, as in Nixon et al., "Measuring calibration in deep learning", CVPR workshops 2019:
    with bins of equal width nearly all images of a rare finding lie in the first.
    """
    images = sum(part.images for part in bins)
    return sum(abs(part.observed - part.predicted) * part.images for part in bins) / images


def reliability(truth: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> list[Bin]:
    """Return ten bins of equal mass, by ascending probability; images with equal ones share a bin."""
    order = np.argsort(probabilities, kind="stable")
    ordered, present = probabilities[order].astype(np.float64), truth[order]
    starts, ends = equal_mass(ordered)
    return [_bin(ordered[a:b], present[a:b]) for a, b in zip(starts, ends, strict=True)]


def equal_mass(ordered: Values) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where the bins of ascending probabilities begin and end; equal ones are in one bin."""
    ends = np.round(np.arange(1, BINS + 1) * len(ordered) / BINS).astype(int)
    # A bin ends after the last of equal probabilities.
    ends = np.unique(np.searchsorted(ordered, ordered[np.maximum(ends, 1) - 1], "right"))
    return np.concatenate([[0], ends[:-1]]), ends


def _bin(probabilities: Values, present: NDArray[np.bool_]) -> Bin:
    images, observed = len(present), float(present.mean())
    # Written out: SciPy's makes an exact test first, which takes a second for a whole evaluation.
    middle = observed + Z95**2 / (2 * images)
    half = Z95 * math.sqrt(observed * (1 - observed) / images + (Z95 / (2 * images)) ** 2)
    whole = 1 + Z95**2 / images
    return Bin(
        predicted=float(probabilities.mean()),
        observed=observed,
        low=max(0.0, (middle - half) / whole),
        high=min(1.0, (middle + half) / whole),
        images=images,
    )


@dataclass(frozen=True)
class PerfectError:
    """The expected calibration error of labels that are drawn from the probabilities themselves.

    Attributes:
        mean: Over the draws.
        high: Their 97.5th percentile.
    """

    mean: float
    high: float


def error_if_perfect(probabilities: Values, seed: int) -> PerfectError:
    """Draw labels from probabilities, each image on its own, and return the error that this makes.

    Only how many positives a bin has plays a part. Their number is drawn from the binomial distribution with
    the mean and, but for rounding, the variance of the sum of the bin's images.

    Args:
        probabilities: float64 (n,), in [0, 1].
        seed: Decides what is drawn.
    """
    ordered = np.sort(probabilities)
    starts, ends = equal_mass(ordered)
    sums, squares = (np.add.reduceat(values, starts) for values in (ordered, ordered**2))
    # Rounded up, so that the share stays at most 1; bins of one probability need no rounding.
    trials = np.ceil(np.divide(sums**2, squares, out=np.ones_like(sums), where=squares > 0) - 1e-9)
    trials = np.clip(trials, 1, ends - starts).astype(np.int64)
    drawn = np.random.default_rng(seed).binomial(trials, np.minimum(sums / trials, 1), (_DRAWS, len(sums)))
    errors = np.abs(drawn - sums).sum(axis=1) / len(ordered)
    return PerfectError(float(errors.mean()), float(np.quantile(errors, 0.975)))


def calibration_result(
    ground: CommonGround, name: str, finding: str, calibrator: Calibrator
) -> CalibrationResult | None:
    """Judge one finding's calibration; None where no image is judged.

    Args:
        ground: The images, labels and scores.
        name: The model's.
        finding: The finding.
        calibrator: What validation chose for it.
    """
    sample = ground.sample(name, ground.findings.index(finding))
    truth, before = sample.truth, sample.scores.astype(np.float64)
    if not len(truth):
        return None
    qualities, intervals = {}, Intervals()
    for kind, values in (("before", before), ("after", calibrator(before))):
        found = agreement(truth, values, sample.patients)
        qualities[kind] = _quality(truth, values, found, ground.seed)
        drawn = interval_of(_mean_replicates(ground.resamples, sample.patients, (values - truth) ** 2))
        intervals |= {} if drawn is None else {f"brier_{kind}": drawn}
        for measure, limits in found.limits.items():
            intervals |= named_interval(f"{measure}_{kind}", limits)
    return CalibrationResult(method=calibrator.method, **qualities, intervals=intervals)


def _mean_replicates(resamples: Resamples, patients: NDArray[np.intp], values: Values) -> Values:
    counted = [np.bincount(patients, weights, resamples.patients) for weights in (values, None)]
    total, images = np.concatenate([np.stack(counted) @ times for _, times in resamples.chunks()], axis=1)
    return np.where(images > 0, total / np.maximum(images, 1), np.nan)


def _quality(
    truth: NDArray[np.bool_], probabilities: Values, found: Agreement, seed: int
) -> CalibrationQuality:
    bins, perfect = reliability(truth, probabilities), error_if_perfect(probabilities, seed)
    return CalibrationQuality(
        brier=brier(truth, probabilities),
        log_loss=log_loss(truth, probabilities),
        ece=error_of(bins),
        bins=[ReliabilityBin(**vars(part)) for part in bins],
        ece_if_perfect=perfect.mean,
        ece_if_perfect_high=perfect.high,
        intercept=found.intercept,
        slope=found.slope,
        slope_intercept=found.slope_intercept,
    )
