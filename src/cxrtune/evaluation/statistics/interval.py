"""From replicates to an interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
