"""From the bootstrap's replicates to an interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from cxrtune.evaluation.statistics.effective_size import student

_FEWEST = 100  # replicates in which a value must be defined before its quantiles mean anything


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
