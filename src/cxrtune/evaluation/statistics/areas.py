"""AUROC and average precision of every bootstrap replicate, without sorting any of them.

A replicate repeats images, so it changes how much each image weighs and never their order. The images are put
into bins by the distinct scores of the positives, once; what a replicate puts into each bin is a product of a
sparse matrix (bins x patients) with the patients' numbers of draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cxrtune.evaluation.statistics.patients import Resamples

Values = NDArray[np.float64]


@dataclass(frozen=True)
class AreaReplicates:
    """What each of B replicates gives; NaN in one without a positive or without a negative.

    Attributes:
        auroc: float64 (B,), in [0, 1].
        average_precision: float64 (B,), in [0, 1].
    """

    auroc: NDArray[np.float64]
    average_precision: NDArray[np.float64]


def area_replicates(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], rows: NDArray[np.intp], resamples: Resamples
) -> AreaReplicates:
    """Return AUROC and average precision in every replicate.

    Args:
        truth: bool (n,), present.
        scores: (n,), known.
        rows: intp (n,), which of the resamples' images these are.
        resamples: The replicates.
    """
    auroc = np.full(resamples.replicates, np.nan)
    precision = auroc.copy()
    if truth.all() or not truth.any():
        return AreaReplicates(auroc, precision)
    bins = bins_of(truth, scores, rows, resamples)
    for where, times in resamples.chunks():
        auroc[where], precision[where] = _areas(fill(bins, times))
    return AreaReplicates(auroc, precision)


@dataclass(frozen=True)
class Bins:
    """How many images of each patient lie in each bin.

    Attributes:
        present: sparse (G, P), positives by distinct score, ascending.
        absent: sparse (2 G + 1, P), negatives: bin 2k lies between steps k - 1 and k, bin 2k + 1 at step k.
    """

    present: csr_array[np.float64]
    absent: csr_array[np.float64]


@dataclass(frozen=True)
class Steps:
    """The bins in b replicates: what is called at or above each of G scores of positives, ascending.

    Attributes:
        present: float64 (G, b), positives at the score.
        hits: float64 (G, b), positives at or above it.
        false_calls: float64 (G, b), negatives at or above it.
        tied: float64 (G, b), negatives at it.
        all_present: float64 (b,).
        all_absent: float64 (b,).
    """

    present: Values
    hits: Values
    false_calls: Values
    tied: Values
    all_present: Values
    all_absent: Values


def bins_of(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], rows: NDArray[np.intp], resamples: Resamples
) -> Bins:
    """Put images into bins; arguments as in `area_replicates`."""
    steps = np.unique(scores[truth])
    patients = resamples.codes[rows]
    left = np.searchsorted(steps, scores[~truth], "left")
    tied = np.searchsorted(steps, scores[~truth], "right") - left
    return Bins(
        _sparse(np.searchsorted(steps, scores[truth]), patients[truth], len(steps), resamples),
        _sparse(2 * left + tied, patients[~truth], 2 * len(steps) + 1, resamples),
    )


def fill(bins: Bins, times: Values) -> Steps:
    """Return the bins of some replicates; `times` is float64 (P, b), how often each patient is drawn."""
    present, absent = bins.present @ times, bins.absent @ times
    up_to = np.cumsum(absent, axis=0)
    all_present, all_absent = present.sum(axis=0), up_to[-1]
    return Steps(
        present=present,
        hits=all_present - np.cumsum(present, axis=0) + present,
        false_calls=all_absent - up_to[0::2][:-1],
        tied=absent[1::2],
        all_present=all_present,
        all_absent=all_absent,
    )


def _sparse(
    bins: NDArray[np.intp], patients: NDArray[np.intp], count: int, resamples: Resamples
) -> csr_array[np.float64]:
    return csr_array((np.ones(len(bins)), (bins, patients)), shape=(count, resamples.patients))


def _areas(steps: Steps) -> tuple[Values, Values]:
    """Return AUROC and average precision of each replicate."""
    with np.errstate(invalid="ignore", divide="ignore"):
        lost = steps.false_calls - steps.tied / 2
        won = steps.all_absent * steps.all_present - np.einsum("gb,gb->b", steps.present, lost)
        auroc = won / (steps.all_present * steps.all_absent)
        calls = steps.hits + steps.false_calls
        # A step that nobody drew has no calls above it, perhaps: it weighs nothing.
        share = np.divide(steps.hits, calls, out=np.zeros_like(calls), where=calls > 0)
        precision = np.einsum("gb,gb->b", steps.present, share) / steps.all_present
        precision[steps.all_absent == 0] = np.nan
    return auroc, precision
