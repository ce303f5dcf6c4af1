"""From replicates to an interval and a p-value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

_FEWEST = 100  # replicates in which a value must be defined before its quantiles mean anything


def percentile_interval(replicates: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the 2.5 % and 97.5 % quantiles of the replicates in which the value is defined.

    Efron's percentile interval. None with fewer than 100 of them.
    """
    defined = replicates[~np.isnan(replicates)]
    if len(defined) < _FEWEST:
        return None
    low, high = np.quantile(defined, (0.025, 0.975))
    return float(low), float(high)


def bootstrap_p_value(difference: float, replicates: NDArray[np.float64]) -> float | None:
    """Return the two-sided p-value of a difference over its standard deviation among replicates, as normal.

    That is pROC's bootstrap test (Robin et al., BMC Bioinformatics 2011), here with whole patients drawn.
    Unlike a count of replicates beyond zero, it can be small enough to survive a correction for many tests.

    Args:
        difference: Of the whole sample.
        replicates: float64 (B,), the same difference in every replicate, NaN where it is not defined.
    """
    defined = replicates[~np.isnan(replicates)]
    if len(defined) < _FEWEST:
        return None
    spread = float(np.std(defined, ddof=1))
    if spread < 1e-12:
        return 1.0 if abs(difference) < 1e-12 else 0.0
    return float(2 * norm.sf(abs(difference) / spread))
