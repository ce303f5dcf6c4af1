"""Folds for cross-validation that part no patient and share out the positives.

The folds are those of scikit-learn's StratifiedGroupKFold (shuffle, random_state=0), to the image: the same
patients in the same order, each put where the folds stay most alike. Scikit-learn weighs each patient with
arrays of ten numbers, which takes hours for a million patients; here the ten numbers are plain ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5


def stratified_folds(truth: NDArray[np.bool_], patients: NDArray[Any]) -> NDArray[np.intp]:
    """Return the fold of each image.

    Args:
        truth: bool (n,), present; both kinds must be there.
        patients: (n,), the patient of each image: names, or numbers in the names' order.

    Returns:
        intp (n,), 0 to 4.
    """
    distinct, codes = np.unique(patients, return_inverse=True)
    order = np.random.RandomState(0).permutation(len(distinct))
    kinds = [np.bincount(codes[truth == kind], minlength=len(distinct))[order] for kind in (False, True)]
    counts = np.stack(kinds, axis=1).astype(np.float64)
    # Patients who tip the balance most come first, while all folds can still make up for them.
    turns = np.argsort(-np.std(counts, axis=1), kind="stable")
    fold_of = np.empty(len(distinct), dtype=np.intp)
    fold_of[order[turns]] = _deal(counts[turns])
    return fold_of[codes]


def _deal(counts: NDArray[np.float64]) -> list[int]:
    """Deal patients with these numbers of negatives and positives, (P, 2), to the folds, one by one."""
    totals = counts.sum(axis=0).tolist()
    held = [[0.0] * FOLDS for _ in totals]
    shares = [[0.0] * FOLDS for _ in totals]
    spreads = [0.0 for _ in totals]
    dealt = []
    for patient in counts.tolist():
        after = [
            [
                _spread([*share[:fold], (hold[fold] + more) / total, *share[fold + 1 :]])
                for fold in range(FOLDS)
            ]
            if more
            else [spread] * FOLDS
            for more, total, hold, share, spread in zip(patient, totals, held, shares, spreads, strict=True)
        ]
        best = _best_fold(after, held)
        for kind, more in enumerate(patient):
            held[kind][best] += more
            shares[kind][best] = held[kind][best] / totals[kind]
            spreads[kind] = after[kind][best]
        dealt.append(best)
    return dealt


def _best_fold(after: Sequence[Sequence[float]], held: Sequence[Sequence[float]]) -> int:
    """Return the fold that leaves the least spread; of about equal ones the one with the fewest images."""
    best, least, fewest = 0, float("inf"), float("inf")
    for fold in range(FOLDS):
        spread = (after[0][fold] + after[1][fold]) / 2
        images = held[0][fold] + held[1][fold]
        is_alike = abs(spread - least) <= 1e-8 + 1e-5 * least < float("inf")
        if spread < least or (is_alike and images < fewest):
            best, least, fewest = fold, spread, images
    return best


def _spread(shares: Sequence[float]) -> float:
    """Return the standard deviation of five numbers, rounded as NumPy rounds it: near ties depend on it."""
    a, b, c, d, e = shares
    mean = (a + b + c + d + e) / FOLDS
    a, b, c, d, e = a - mean, b - mean, c - mean, d - mean, e - mean
    return sqrt((a * a + b * b + c * c + d * d + e * e) / FOLDS)
