"""Bootstrap over patients: replicates and intervals.

Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 1979. Whole patients are
drawn, since images of the same patient are correlated (Field and Welsh, "Bootstrapping clustered data",
Journal of the Royal Statistical Society B 2007). All models and findings use the same replicates, so that
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
_AT_ONCE = 64  # replicates per batch: their rows then fit into the second-level cache
_MOST_AT_ONCE = 2**26  # images times replicates per batch: some hundred megabytes
_FEWEST = 100  # minimum number of replicates with a defined value for meaningful quantiles


@dataclass(frozen=True)
class Resamples:
    """Number of times that each patient is drawn in each replicate.

    Attributes:
        codes: intp (N,), the patient index of each image, from 0 to P - 1.
        times: uint8 (P, B); each column adds up to P.
    """

    codes: NDArray[np.intp]
    times: NDArray[np.uint8]

    @property
    def replicates(self) -> int:
        """Number of replicates, B."""
        return int(self.times.shape[1])

    @property
    def patients(self) -> int:
        """Number of patients, P."""
        return int(self.times.shape[0])

    def chunks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield batches of replicates: their slice, and the numbers of draws per patient, float64 (P, b)."""
        for where in _blocks(self.replicates, len(self.codes)):
            yield where, self.times[:, where].astype(np.float64)


def draw_patients(patients: NDArray[np.object_], *, replicates: int, seed: int) -> Resamples:
    """Draw as many patients as there are, with replacement, for each replicate.

    Args:
        patients: object (N,), the patient of each image.
        replicates: Number of replicates, B.
        seed: Random seed.
    """
    distinct, codes = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    random, count = np.random.default_rng(seed), len(distinct)
    # The probability that one of many patients is drawn 256 times is below 1 in 10 to the 500.
    times = np.empty((count, replicates), dtype=np.uint8)
    for where in _blocks(replicates, count):
        # One row per replicate, transposed block by block: all at once would double the memory.
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

    This is Efron's percentile interval. None with fewer than 100 such replicates, or without spread.
    """
    defined = replicates[~np.isnan(replicates)]
    if len(defined) < _FEWEST:
        return None
    low, high = np.quantile(defined, (0.025, 0.975))
    # A value that does not vary among replicates is not certain: the sample is too small to tell.
    return (float(low), float(high)) if high > low else None


def spread_interval(
    value: float, replicates: NDArray[np.float64], patients: float
) -> tuple[float, float] | None:
    """Return the 95 % interval of a value in (0, 1) from its replicates' spread, on the logit scale.

    The half-width is the standard deviation of the replicates divided by value (1 - value), which is that of
    the logit (the delta method), times a quantile of Student's t. Percentiles of the replicates are too
    narrow if few patients have the finding, and average precision and F1 of replicates are too high, as
    images are repeated: only the spread of the replicates is used, not their location. None with fewer than
    100 replicates in which the value is defined, without spread, or if the value is 0 or 1.

    Args:
        value: The value in the sample.
        replicates: float64 (B,), in [0, 1], NaN where not defined.
        patients: Number of patients with the finding, on which the spread is based.
    """
    defined = replicates[~np.isnan(replicates)]
    if len(defined) < _FEWEST or not 0 < value < 1 or patients <= 1:
        return None
    spread = float(np.std(defined, ddof=1)) / (value * (1 - value))
    if spread == 0:
        return None
    centre, half = logit(value), student(patients) * spread
    return float(expit(centre - half)), float(expit(centre + half))
