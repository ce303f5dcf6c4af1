"""Average precision and curve bands of every bootstrap replicate, without sorting each replicate.

A replicate repeats images, so it changes the weights of images but not their order. The images are assigned
once to bins by the distinct scores of the positives; the content of each bin in a replicate is the product of
a sparse matrix (bins x patients) with the numbers of draws of the patients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cxrtune.evaluation.statistics.bootstrap import Resamples

Values = NDArray[np.float64]
GRID = np.linspace(0, 1, 101)
_REPLICATES = 500  # enough for the width of a line in print


def precision_replicates(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], rows: NDArray[np.intp], resamples: Resamples
) -> Values:
    """Return the average precision of every replicate.

    Args:
        truth: bool (n,), True for positives.
        scores: (n,), all known.
        rows: intp (n,), indices of these images in the resamples.
        resamples: The bootstrap replicates.

    Returns:
        float64 (B,), in [0, 1]; NaN in a replicate without positives or without negatives.
    """
    found = np.full(resamples.replicates, np.nan)
    if truth.all() or not truth.any():
        return found
    bins = bins_of(truth, scores, rows, resamples)
    for where, times in resamples.chunks():
        found[where] = _average_precision(fill(bins, times))
    return found


@dataclass(frozen=True)
class Bins:
    """Number of images of each patient in each bin.

    Attributes:
        present: sparse (G, P), positives by distinct score, ascending.
        absent: sparse (2 G + 1, P), negatives: bin 2k is between steps k - 1 and k, bin 2k + 1 at step k.
    """

    present: csr_array[np.float64]
    absent: csr_array[np.float64]


@dataclass(frozen=True)
class Steps:
    """The bins in b replicates: counts at or above each of the G scores of positives, ascending.

    Attributes:
        present: float64 (G, b), positives at the score.
        hits: float64 (G, b), positives at or above it.
        false_calls: float64 (G, b), negatives at or above it.
        all_present: float64 (b,), number of positives.
        all_absent: float64 (b,), number of negatives.
    """

    present: Values
    hits: Values
    false_calls: Values
    all_present: Values
    all_absent: Values


def bins_of(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], rows: NDArray[np.intp], resamples: Resamples
) -> Bins:
    """Assign images to bins; arguments as in `precision_replicates`."""
    steps = np.unique(scores[truth])
    patients = resamples.codes[rows]
    left = np.searchsorted(steps, scores[~truth], "left")
    tied = np.searchsorted(steps, scores[~truth], "right") - left
    return Bins(
        _sparse(np.searchsorted(steps, scores[truth]), patients[truth], len(steps), resamples),
        _sparse(2 * left + tied, patients[~truth], 2 * len(steps) + 1, resamples),
    )


def fill(bins: Bins, times: Values) -> Steps:
    """Return the bins of some replicates; `times` is float64 (P, b), number of draws per patient."""
    present, absent = bins.present @ times, bins.absent @ times
    up_to = np.cumsum(absent, axis=0)
    all_present, all_absent = present.sum(axis=0), up_to[-1]
    return Steps(
        present=present,
        hits=all_present - np.cumsum(present, axis=0) + present,
        false_calls=all_absent - up_to[0::2][:-1],
        all_present=all_present,
        all_absent=all_absent,
    )


def _sparse(
    bins: NDArray[np.intp], patients: NDArray[np.intp], count: int, resamples: Resamples
) -> csr_array[np.float64]:
    return csr_array((np.ones(len(bins)), (bins, patients)), shape=(count, resamples.patients))


def _average_precision(steps: Steps) -> Values:
    """Return the average precision of each replicate."""
    with np.errstate(invalid="ignore", divide="ignore"):
        calls = steps.hits + steps.false_calls
        # A step whose images were not drawn may have no images at or above it: its weight is zero.
        share = np.divide(steps.hits, calls, out=np.zeros_like(calls), where=calls > 0)
        precision = np.einsum("gb,gb->b", steps.present, share) / steps.all_present
        precision[steps.all_absent == 0] = np.nan
    return np.asarray(precision, dtype=np.float64)


@dataclass(frozen=True)
class Bands:
    """The 2.5 % and 97.5 % quantiles at each of 101 positions from 0 to 1.

    Attributes:
        sensitivity: float64 (2, 101), lower and upper limits, by false-positive rate.
        precision: float64 (2, 101), lower and upper limits, by recall.
    """

    sensitivity: Values
    precision: Values


def curve_bands(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], rows: NDArray[np.intp], resamples: Resamples
) -> Bands | None:
    """Return the bands; None if there are no positives or no negatives.

    Args:
        truth: bool (n,), True for positives.
        scores: (n,), all known.
        rows: intp (n,), indices of these images in the resamples.
        resamples: The bootstrap replicates, of which the first 500 are used.
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
    """Return the sensitivity reached at false-positive rates of at most those of the grid."""
    place = np.searchsorted(false, GRID, "right") - 1
    return np.where(place >= 0, reached[np.maximum(place, 0)], 0.0)


def _from(reached: Values, share: Values) -> Values:
    """Return the precision where the recall first reaches each value of the grid."""
    place = np.minimum(np.searchsorted(reached, GRID, "left"), len(reached) - 1)
    return np.asarray(share[place], dtype=np.float64)


def _quantiles(curves: list[Values]) -> Values:
    return np.asarray(np.nanquantile(np.stack(curves), (0.025, 0.975), axis=0), dtype=np.float64)
