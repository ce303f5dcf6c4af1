"""The bootstrap over patients: replicates, and intervals from them.

Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 1979; whole patients are
drawn, since images of one patient resemble each other (Field and Welsh, "Bootstrapping clustered data",
Journal of the Royal Statistical Society B 2007). All models and findings see the same replicates, so that
differences between them are paired.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from cxrtune.evaluation.statistics.effective_size import student

DEFAULT_REPLICATES = 2000
_AT_ONCE = 64  # replicates in one go: their rows then fit the second-level cache
_MOST_AT_ONCE = 2**26  # images times replicates in one go: some hundred megabytes
_FEWEST = 100  # replicates in which a value must be defined before its quantiles mean anything


@dataclass(frozen=True)
class Resamples:
    """How often each patient is drawn in each replicate.

    Attributes:
        codes: intp (N,), the patient of each image, from 0 to P - 1.
        times: uint8 (P, B); each column adds up to P.
    """

    codes: NDArray[np.intp]
    times: NDArray[np.uint8]

    @property
    def replicates(self) -> int:
        """The number of replicates, B."""
        return int(self.times.shape[1])

    @property
    def patients(self) -> int:
        """The number of patients, P."""
        return int(self.times.shape[0])

    def chunks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Give some replicates at a time: where they stand, and float64 (P, b), how often each is drawn."""
        for where in _blocks(self.replicates, len(self.codes)):
            yield where, self.times[:, where].astype(np.float64)


def draw_patients(patients: NDArray[np.object_], *, replicates: int, seed: int) -> Resamples:
    """Draw as many patients as there are, with replacement, again and again.

    Args:
        patients: object (N,), the patient of each image.
        replicates: How many times, B.
        seed: Decides all of it.
    """
    distinct, codes = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    random, count = np.random.default_rng(seed), len(distinct)
    # One patient of many is drawn 256 times with a chance of less than 1 in 10 to the 500.
    times = np.empty((count, replicates), dtype=np.uint8)
    for where in _blocks(replicates, count):
        # A row a replicate, and turned a block at a time: all at once would take the memory twice.
        drawn = np.empty((where.stop - where.start, count), dtype=np.uint8)
        for row in drawn:
            row[:] = np.bincount(random.integers(count, size=count), minlength=count)
        times[:, where] = drawn.T
    return Resamples(codes.astype(np.intp), times)


def _blocks(replicates: int, images: int) -> Iterator[slice]:
    size = max(1, min(_AT_ONCE, _MOST_AT_ONCE // images))
    for start in range(0, replicates, size):
        yield slice(start, min(start + size, replicates))


def percentile_interval(replicates: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the 2.5 % and 97.5 % quantiles of the replicates in which the value is defined.

    Efron's percentile interval. None with fewer than 100 of them, or where they have no spread.
    """
    defined = replicates[~np.isnan(replicates)]
    if len(defined) < _FEWEST:
        return None
    low, high = np.quantile(defined, (0.025, 0.975))
    # What does not vary among replicates is not known to be certain: the sample is too small to tell.
    return (float(low), float(high)) if high > low else None


def spread_interval(
    value: float, replicates: NDArray[np.float64], patients: float
) -> tuple[float, float] | None:
    """Return the 95 % interval of a value in (0, 1) from its replicates' spread, on the logit scale.

    The standard deviation of the replicates over value (1 - value), which is that of the logit (the delta
    method), times a quantile of Student's t. Percentiles of the replicates are too narrow where few patients
    have the finding, and average precision and F1 of replicates are too high, as images are repeated: their
    place is not used, only their spread. None with fewer than 100 replicates in which the value is defined,
    without spread, or where the value is 0 or 1.

    Args:
        value: As it is.
        replicates: float64 (B,), in [0, 1], NaN where not defined.
        patients: From how many, with the finding, the spread is known.
    """
    defined = replicates[~np.isnan(replicates)]
    if len(defined) < _FEWEST or not 0 < value < 1 or patients <= 1:
        return None
    spread = float(np.std(defined, ddof=1)) / (value * (1 - value))
    if spread == 0:
        return None
    centre, half = logit(value), student(patients) * spread
    return float(expit(centre - half)), float(expit(centre + half))
