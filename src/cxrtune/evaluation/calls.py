"""Calls at a threshold against the truth, in the whole sample and in every replicate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.statistics.patients import Resamples

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]


def call_replicates(calls: Mask, truth: Mask, usable: Mask, resamples: Resamples) -> dict[str, Values]:
    """Return precision, recall (sensitivity), specificity and F1 of every replicate.

    Args:
        calls: bool (n,), called present.
        truth: bool (n,), present.
        usable: bool (n,), counted at all.
        resamples: The replicates of these n images' patients.

    Returns:
        float64 (B,) each; NaN where nothing is below the line.
    """
    kinds = [calls & truth, calls & ~truth, ~calls & truth, ~calls & ~truth]
    sums = np.stack(
        [np.bincount(resamples.codes, weights=kind & usable, minlength=resamples.patients) for kind in kinds]
    )
    tp, fp, fn, tn = np.concatenate([sums @ times for _, times in resamples.chunks()], axis=1)
    return {
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
    }


def _ratio(above: Values, below: Values) -> Values:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)
