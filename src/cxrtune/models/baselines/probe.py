"""The linear probe: a logistic regression on the pooled output of the frozen trunk.

It asks what fine-tuning the last block is worth, and needs nothing that is not here.
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
"""The inverse penalties C that validation chooses from."""


@dataclass(frozen=True)
class LinearProbe:
    """One fitted regression a finding, or None where the training part has one class only."""

    strength: float
    regressions: tuple[Pipeline | None, ...]

    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map pooled features, float32 (N, 512), to scores, float32 (N, F), NaN where not fitted."""
        columns = [
            np.full(len(features), np.nan) if fitted is None else fitted.predict_proba(features)[:, 1]
            for fitted in self.regressions
        ]
        return np.stack(columns, axis=1).astype(np.float32)


def fit_probe(
    train: tuple[NDArray[np.float32], NDArray[np.float32]],
    validation: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> LinearProbe:
    """Fit the probe; the penalty with the best macro AUROC on validation is kept.

    Args:
        train: Features (N, 512) and labels (N, F), 1, 0, or NaN where not known.
        validation: The same of the validation part.
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
            # Not quite converged is good enough for a baseline whose penalty is chosen on validation.
            warnings.simplefilter("ignore", ConvergenceWarning)
            regressions.append(regression.fit(features[known].astype(np.float64), truth))
    return LinearProbe(strength, tuple(regressions))
