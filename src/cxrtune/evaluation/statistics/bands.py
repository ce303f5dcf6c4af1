"""Pointwise 95 % bands around ROC and precision-recall curves, from replicates of patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.statistics.areas import bins_of, fill
from cxrtune.evaluation.statistics.patients import Resamples

GRID = np.linspace(0, 1, 101)
_REPLICATES = 500  # enough for a line's width in print

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Bands:
    """What lies between the 2.5 % and 97.5 % quantiles at each of 101 places from 0 to 1.

    Attributes:
        sensitivity: float64 (2, 101), low and high, by false-positive rate.
        precision: float64 (2, 101), low and high, by recall.
    """

    sensitivity: Values
    precision: Values


def curve_bands(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], rows: NDArray[np.intp], resamples: Resamples
) -> Bands | None:
    """Return the bands; None where there is no positive or no negative.

    Args:
        truth: bool (n,), present.
        scores: (n,), known.
        rows: intp (n,), which of the resamples' images these are.
        resamples: The replicates, of which the first 500 are taken.
    """
    if truth.all() or not truth.any():
        return None
    bins = bins_of(truth, scores, rows, resamples)
    sensitivity, precision = [], []
    for where, times in resamples.chunks():
        if where.start >= _REPLICATES:
            break
        steps = fill(bins, times)
        with np.errstate(invalid="ignore", divide="ignore"):
            reached = steps.hits / steps.all_present
            false = steps.false_calls / steps.all_absent
            share = steps.hits / (steps.hits + steps.false_calls)
        for replicate in range(times.shape[1]):
            if steps.all_present[replicate] and steps.all_absent[replicate]:
                sensitivity.append(_at(false[::-1, replicate], reached[::-1, replicate]))
                precision.append(_from(reached[::-1, replicate], share[::-1, replicate]))
    return Bands(_quantiles(sensitivity), _quantiles(precision))


def _at(false: Values, reached: Values) -> Values:
    """Return the sensitivity reached with a false-positive rate of at most each of the grid's."""
    place = np.searchsorted(false, GRID, "right") - 1
    return np.where(place >= 0, reached[np.maximum(place, 0)], 0.0)


def _from(reached: Values, share: Values) -> Values:
    """Return the precision where a recall of at least each of the grid's is first reached."""
    place = np.minimum(np.searchsorted(reached, GRID, "left"), len(reached) - 1)
    return np.asarray(share[place], dtype=np.float64)


def _quantiles(curves: list[Values]) -> Values:
    return np.asarray(np.nanquantile(np.stack(curves), (0.025, 0.975), axis=0), dtype=np.float64)
