"""Agreement of probabilities with observed frequencies, before and after calibration."""

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
        observed: Fraction of positives among them.
        low: Lower end of the 95 % interval of `observed` (Wilson, JASA 1927), with images as independent.
        high: Upper end of that interval.
        images: Number of images.
    """

    predicted: float
    observed: float
    low: float
    high: float
    images: int


def brier(truth: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> float:
    """Return the mean squared difference from the labels (Brier, Monthly Weather Review 1950)."""
    return float(np.mean((probabilities.astype(np.float64) - truth) ** 2))


def log_loss(truth: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> float:
    """Return the mean negative log probability of the true label, with probabilities clipped at 1e-12."""
    right = np.where(truth, probabilities, 1 - probabilities)
    return float(-np.mean(np.log(np.maximum(right, 1e-12))))


def error_of(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean over images of |observed - predicted| in their bin.

    Bins have equal mass, as in Nixon et al., "Measuring calibration in deep learning", CVPR workshops 2019:
    with bins of equal width, nearly all images of a rare finding would be in the first bin.
    """
    images = sum(part.images for part in bins)
    return sum(abs(part.observed - part.predicted) * part.images for part in bins) / images


def reliability(truth: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> list[Bin]:
    """Return ten bins of equal mass in ascending order; images with equal probabilities share a bin."""
    order = np.argsort(probabilities, kind="stable")
    ordered, present = probabilities[order].astype(np.float64), truth[order]
    starts, ends = equal_mass(ordered)
    return [_bin(ordered[a:b], present[a:b]) for a, b in zip(starts, ends, strict=True)]


def equal_mass(ordered: Values) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the start and end of each bin of ascending probabilities; equal ones are in the same bin."""
    ends = np.round(np.arange(1, BINS + 1) * len(ordered) / BINS).astype(int)
    # A bin ends after the last of several equal probabilities.
    ends = np.unique(np.searchsorted(ordered, ordered[np.maximum(ends, 1) - 1], "right"))
    return np.concatenate([[0], ends[:-1]]), ends


def _bin(probabilities: Values, present: NDArray[np.bool_]) -> Bin:
    images, observed = len(present), float(present.mean())
    # Implemented here: SciPy's function first computes an exact test, which adds a second per evaluation.
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
    """Expected calibration error of labels drawn from the probabilities themselves.

    Attributes:
        mean: Mean over the draws.
        high: 97.5th percentile of the draws.
    """

    mean: float
    high: float


def error_if_perfect(probabilities: Values, seed: int) -> PerfectError:
    """Draw labels from the probabilities, independently per image, and return the resulting error.

    Only the number of positives per bin matters. It is drawn from the binomial distribution with the mean
    and, apart from rounding, the variance of the sum over the bin's images.

    Args:
        probabilities: float64 (n,), in [0, 1].
        seed: Random seed of the draws.
    """
    ordered = np.sort(probabilities)
    starts, ends = equal_mass(ordered)
    sums, squares = (np.add.reduceat(values, starts) for values in (ordered, ordered**2))
    # Rounded up, so that the fraction is at most 1; bins with a single probability need no rounding.
    trials = np.ceil(np.divide(sums**2, squares, out=np.ones_like(sums), where=squares > 0) - 1e-9)
    trials = np.clip(trials, 1, ends - starts).astype(np.int64)
    drawn = np.random.default_rng(seed).binomial(trials, np.minimum(sums / trials, 1), (_DRAWS, len(sums)))
    errors = np.abs(drawn - sums).sum(axis=1) / len(ordered)
    return PerfectError(float(errors.mean()), float(np.quantile(errors, 0.975)))


def calibration_result(
    ground: CommonGround, name: str, finding: str, calibrator: Calibrator
) -> CalibrationResult | None:
    """Evaluate the calibration of one finding; None if no image is evaluated.

    Args:
        ground: The shared test set.
        name: Name of the model.
        finding: The finding.
        calibrator: Its calibration, fitted on validation images.
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
