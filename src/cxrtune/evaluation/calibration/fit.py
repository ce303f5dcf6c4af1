"""Fit each finding's calibration on validation images, with the method selected by cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from cxrtune.evaluation.calibration.calibrator import METHODS, Calibrator, Method, logistic, logit
from cxrtune.evaluation.calibration.reliability import log_loss
from cxrtune.evaluation.roc import Labels, Scores

FEWEST = 10
"""Minimum number of positives, and of negatives, for fitting a finding's calibration."""

FOLDS = 5
"""Number of folds in the cross-validation."""

Truth = NDArray[np.bool_]
Values = NDArray[np.float64]


def fit_calibrators(
    findings: Sequence[str], labels: Labels, scores: Scores, patients: NDArray[np.object_]
) -> dict[str, Calibrator]:
    """Fit the calibration of each finding with at least 10 positives and 10 negatives.

    Args:
        findings: Names of the F findings.
        labels: (N, F), 1, 0, or NaN if not known.
        scores: (N, F), probability in [0, 1], NaN if not known.
        patients: object (N,); a patient's images are always in the same fold.
    """
    fitted = {}
    # Patients are numbered in sort order: sorting names again for each finding takes minutes for millions.
    codes = np.unique(np.asarray(patients, dtype=str), return_inverse=True)[1]
    for column, finding in enumerate(findings):
        mask = ~(np.isnan(labels[:, column]) | np.isnan(scores[:, column]))
        truth, values = labels[mask, column] == 1, scores[mask, column].astype(np.float64)
        calibrator = fit_calibrator(truth, values, codes[mask])
        if calibrator is not None:
            fitted[finding] = calibrator
    return fitted


def fit_calibrator(truth: Truth, values: Values, patients: NDArray[Any]) -> Calibrator | None:
    """Fit one finding with the method that has the lowest cross-validated log loss.

    Args:
        truth: bool (n,), True for positives.
        values: float64 (n,), probability in [0, 1].
        patients: (n,), the patient of each image: names, or numbers in the order of the names.

    Returns:
        None if there are fewer than 10 positives or 10 negatives, or fewer than five patients with positives.
    """
    if min(truth.sum(), (~truth).sum()) < FEWEST or len(np.unique(patients[truth])) < FOLDS:
        return None
    folds = stratified_folds(truth, patients)
    losses = {method: _cross_validated(method, truth, values, folds) for method in METHODS}
    # Of equally good methods, the simplest comes first.
    best = min(METHODS, key=lambda method: losses[method])
    return _FIT[best](truth, values)


def _cross_validated(method: Method, truth: Truth, values: Values, folds: NDArray[np.intp]) -> float:
    total = 0.0
    for fold in range(FOLDS):
        learn, judge = folds != fold, folds == fold
        if truth[learn].all() or not truth[learn].any():
            return np.inf
        calibrated = _FIT[method](truth[learn], values[learn])(values[judge])
        total += log_loss(truth[judge], calibrated) * int(judge.sum())
    return total / len(truth)


def _temperature(truth: Truth, values: Values) -> Calibrator:
    slope, _ = _logistic_fit(truth, logit(values), with_offset=False)
    return Calibrator("temperature", float(truth.mean()), slope=slope)


def _platt(truth: Truth, values: Values) -> Calibrator:
    slope, offset = _logistic_fit(truth, logit(values), with_offset=True)
    return Calibrator("platt", float(truth.mean()), slope=slope, offset=offset)


def _isotonic(truth: Truth, values: Values) -> Calibrator:
    # An empty bin does not mean that a finding is impossible: half an image is counted at each end.
    edge = 0.5 / (len(truth) + 1)
    fit = IsotonicRegression(y_min=edge, y_max=1 - edge).fit(values, truth)
    steps, levels = (tuple(map(float, side)) for side in (fit.X_thresholds_, fit.y_thresholds_))
    return Calibrator("isotonic", float(truth.mean()), steps=steps, levels=levels)


_FIT: dict[Method, Callable[[Truth, Values], Calibrator]] = {
    "temperature": _temperature,
    "platt": _platt,
    "isotonic": _isotonic,
}


def _logistic_fit(truth: Truth, logits: Values, *, with_offset: bool) -> tuple[float, float]:
    """Minimize the log loss over slope and offset; fitting the logarithm of the slope keeps it positive."""
    # Platt's targets keep the fit finite if the classes do not overlap.
    positives, negatives = int(truth.sum()), int((~truth).sum())
    targets = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(parameters: Values) -> tuple[float, Values]:
        slope = np.exp(parameters[0])
        shifted = slope * logits + (parameters[1] if with_offset else 0.0)
        residual = logistic(shifted) - targets
        value = float(np.mean(np.logaddexp(0, shifted) - targets * shifted))
        slopes = [float(np.mean(residual * logits)) * slope, float(np.mean(residual))]
        return value, np.array(slopes[: len(parameters)])

    start = np.zeros(2 if with_offset else 1)
    limits = [(-5.0, 5.0), (-50.0, 50.0)][: len(start)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits)
    return float(np.exp(found.x[0])), float(found.x[1]) if with_offset else 0.0


def stratified_folds(truth: NDArray[np.bool_], patients: NDArray[Any]) -> NDArray[np.intp]:
    """Return the fold of each image; folds are split by patient and stratified by label.

    The result is identical to scikit-learn's StratifiedGroupKFold (shuffle, random_state=0): the same
    patients in the same order, each assigned to the fold that keeps the folds most similar. Scikit-learn
    processes each patient with arrays of ten numbers, which takes hours for a million patients; here they are
    Python floats.

    Args:
        truth: bool (n,), True for positives; both classes must occur.
        patients: (n,), the patient of each image: names, or numbers in the order of the names.

    Returns:
        intp (n,), fold index from 0 to 4.
    """
    distinct, codes = np.unique(patients, return_inverse=True)
    order = np.random.RandomState(0).permutation(len(distinct))
    kinds = [np.bincount(codes[truth == kind], minlength=len(distinct))[order] for kind in (False, True)]
    counts = np.stack(kinds, axis=1).astype(np.float64)
    # The least balanced patients are assigned first, while all folds can still compensate for them.
    turns = np.argsort(-np.std(counts, axis=1), kind="stable")
    fold_of = np.empty(len(distinct), dtype=np.intp)
    fold_of[order[turns]] = _deal(counts[turns])
    return fold_of[codes]


def _deal(counts: NDArray[np.float64]) -> list[int]:
    """Assign patients one by one to folds, given their numbers of negatives and positives, (P, 2)."""
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
    """Return the fold with the least spread after assignment; ties go to the fold with the fewest images."""
    best, least, fewest = 0, float("inf"), float("inf")
    for fold in range(FOLDS):
        spread = (after[0][fold] + after[1][fold]) / 2
        images = held[0][fold] + held[1][fold]
        is_alike = abs(spread - least) <= 1e-8 + 1e-5 * least < float("inf")
        if spread < least or (is_alike and images < fewest):
            best, least, fewest = fold, spread, images
    return best


def _spread(shares: Sequence[float]) -> float:
    """Return the standard deviation of five numbers, rounded like NumPy's, which decides near ties."""
    a, b, c, d, e = shares
    mean = (a + b + c + d + e) / FOLDS
    a, b, c, d, e = a - mean, b - mean, c - mean, d - mean, e - mean
    return sqrt((a * a + b * b + c * c + d * d + e * e) / FOLDS)
