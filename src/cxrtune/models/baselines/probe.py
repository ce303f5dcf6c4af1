"""The linear probe: a logistic regression on the pooled output of the frozen backbone.

It shows how much fine-tuning the last block improves the model, and needs no further downloads.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from cxrtune.evaluation.roc import macro_auroc

NAME = "linear-probe"
STRENGTHS: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1)
"""The values of the inverse penalty C; the best one is selected on validation."""


@dataclass(frozen=True)
class LinearProbe:
    """One fitted regression per finding, or None if the training part has only one class."""

    strength: float
    regressions: tuple[Pipeline | None, ...]

    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map pooled features, float32 (N, 512), to scores, float32 (N, F); NaN if not fitted."""
        columns = [
            np.full(len(features), np.nan) if fitted is None else fitted.predict_proba(features)[:, 1]
            for fitted in self.regressions
        ]
        return np.stack(columns, axis=1).astype(np.float32)


def fit_probe(
    train: tuple[NDArray[np.float32], NDArray[np.float32]],
    validation: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> LinearProbe:
    """Fit the probe with the penalty that has the best macro AUROC on validation.

    Args:
        train: Features (N, 512) and labels (N, F), 1, 0, or NaN where unknown.
        validation: Features and labels of the validation part.
    """
    features, labels = validation

    def quality(probe: LinearProbe) -> float:
        area, _ = macro_auroc(labels, probe.scores(features))
        return -1.0 if area is None else area

    return max((_fit(*train, strength) for strength in STRENGTHS), key=quality)


def _fit(features: NDArray[np.float32], labels: NDArray[np.float32], strength: float) -> LinearProbe:
    regressions: list[Pipeline | None] = []
    for column in range(labels.shape[1]):
        known = ~np.isnan(labels[:, column])
        truth = labels[known, column] == 1
        if truth.all() or not truth.any():
            regressions.append(None)
            continue
        regression = make_pipeline(
            StandardScaler(), LogisticRegression(C=strength, class_weight="balanced", max_iter=500)
        )
        with warnings.catch_warnings():
            # Full convergence is not needed for a baseline whose penalty is selected on validation.
            warnings.simplefilter("ignore", ConvergenceWarning)
            regressions.append(regression.fit(features[known].astype(np.float64), truth))
    return LinearProbe(strength, tuple(regressions))
