"""Calibration intercept and slope: whether probabilities are too high, and whether they are too extreme.

Cox, "Two further applications of a model for binary regression", Biometrika 1958: the labels are regressed on
the logits of the probabilities. Patients are the sampling units of the intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration.calibrator import logistic, logit
from cxrtune.evaluation.statistics.effective_size import student

Truth = NDArray[np.bool_]
Values = NDArray[np.float64]

_MOST_STEPS = 50
_CONVERGED = 1e-10


@dataclass(frozen=True)
class Agreement:
    """Logistic recalibration of labels on logits; None for values that the labels do not determine.

    Attributes:
        intercept: Calibration in the large: the offset to add to the logits if their slope is fixed at 1.
        slope: Factor by which to multiply the logits.
        slope_intercept: Offset to add after multiplying by `slope`.
        limits: 95 % intervals, by the names of these attributes.
    """

    intercept: float | None
    slope: float | None
    slope_intercept: float | None
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fit:
    """A logistic regression.

    Attributes:
        values: float64 (k,), the coefficients.
        covariance: float64 (k, k), estimated by leaving out one patient at a time.
    """

    values: Values
    covariance: Values


def agreement(truth: Truth, probabilities: Values, patients: NDArray[np.intp]) -> Agreement:
    """Return calibration intercept and slope with their intervals.

    A coefficient has a t interval; its degrees of freedom are the number of patients with the finding, or
    without it, whichever is smaller, minus one. There is no interval with fewer than two patients of either
    kind.

    Args:
        truth: bool (n,), True for positives.
        probabilities: float64 (n,), in [0, 1].
        patients: intp (n,), the patient index of each image, from 0.
    """
    if truth.all() or not truth.any():
        return Agreement(None, None, None)
    logits = logit(probabilities)
    ones = np.ones((1, len(truth)))
    large = logistic_fit(truth, ones, logits, patients)
    both = None
    if _overlap(truth, logits):
        both = logistic_fit(truth, np.stack([ones[0], logits]), np.zeros_like(logits), patients)
    width = student(min(len(np.unique(patients[mask])) for mask in (truth, ~truth)))
    values: dict[str, float | None] = {"intercept": None, "slope_intercept": None, "slope": None}
    limits = {}
    for names, fit in ((("intercept",), large), (("slope_intercept", "slope"), both)):
        if fit is None:
            continue
        for name, value, variance in zip(names, fit.values, np.diagonal(fit.covariance), strict=True):
            values[name] = float(value)
            half = width * float(np.sqrt(variance))
            if np.isfinite(half):
                limits[name] = (float(value) - half, float(value) + half)
    return Agreement(**values, limits=limits)


def _overlap(truth: Truth, logits: Values) -> bool:
    """Return whether the classes overlap; otherwise the slope is not finite.

    Albert and Anderson, "On the existence of maximum likelihood estimates in logistic regression models",
    Biometrika 1984.
    """
    present, absent = logits[truth], logits[~truth]
    return bool(present.min() < absent.max() and absent.min() < present.max())


def logistic_fit(truth: Truth, design: Values, offset: Values, patients: NDArray[np.intp]) -> Fit | None:
    """Fit by maximum likelihood; None if Newton's method does not converge.

    Args:
        truth: bool (n,), True for positives.
        design: float64 (k, n), one row per coefficient.
        offset: float64 (n,), added to the logit.
        patients: intp (n,), the patient index of each image, from 0.
    """
    share = float(truth.mean())
    values = np.zeros(len(design))
    values[0] = float(logit(np.array(share)) - logit(np.array(logistic(offset).mean())))
    loss = _loss(truth, values @ design + offset)
    for _ in range(_MOST_STEPS):
        fitted = logistic(values @ design + offset)
        information = (design * (fitted * (1 - fitted))) @ design.T
        step = np.linalg.lstsq(information, design @ (truth - fitted), rcond=None)[0]
        # A full step may overshoot far from the optimum.
        while (after := _loss(truth, (values + step) @ design + offset)) > loss + _CONVERGED * len(truth):
            step = step / 2
        values, loss = values + step, after
        if np.abs(step).max() < _CONVERGED * (1 + np.abs(values).max()):
            return Fit(values, _covariance(truth, design, values @ design + offset, patients))
    return None


def _loss(truth: Truth, logits: Values) -> float:
    return float(np.logaddexp(0, logits).sum() - logits[truth].sum())


def _covariance(truth: Truth, design: Values, logits: Values, patients: NDArray[np.intp]) -> Values:
    """Return the jackknife covariance over patients, leaving out each patient by one Newton step.

    This is the cluster-robust covariance with the correction of Bell and McCaffrey, "Bias reduction in
    standard errors for linear regression with multi-stage samples", Survey Methodology 2002, known as CR3.
    Without it, standard errors are too small if a few patients have much weight.
    """
    fitted = logistic(logits)
    number, size = int(patients.max()) + 1, len(design)
    has = np.bincount(patients, minlength=number) > 0
    residuals, weights = truth - fitted, fitted * (1 - fitted)
    scores = np.stack([np.bincount(patients, weights=row * residuals, minlength=number) for row in design])
    own = np.stack(
        [
            np.bincount(patients, weights=first * second * weights, minlength=number)
            for first in design
            for second in design
        ]
    )
    own = own[:, has].T.reshape(-1, size, size)
    rest = own.sum(axis=0) - own
    try:
        moved = np.linalg.solve(rest, scores[:, has].T[..., np.newaxis])[..., 0]
    except np.linalg.LinAlgError:  # no fit is possible without one of the patients
        return np.full((size, size), np.nan)
    of = len(own)
    return np.asarray(moved.T @ moved * (of - 1) / of, dtype=np.float64)
