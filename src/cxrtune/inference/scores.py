"""Logits of a cohort's rows -> a table of predictions in the cohort's findings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.table import Cohort
from cxrtune.predictions import ModelCard, Predictions


def predictions_of(
    cohort: Cohort,
    rows: NDArray[np.intp],
    findings: Sequence[str],
    values: NDArray[np.float32],
    card: ModelCard,
) -> Predictions:
    """Lay a model's values out in the cohort's findings.

    Args:
        cohort: Names images, patients and findings.
        rows: intp (n,), the cohort row of each row of values.
        findings: The model's G findings.
        values: float32 (n, G), probabilities, NaN where not known.
        card: The model's.

    Returns:
        One column a finding of the cohort; one that the model cannot give is NaN.
    """
    columns = np.full((len(rows), len(cohort.findings)), np.nan, dtype=np.float32)
    for column, finding in enumerate(cohort.findings):
        if finding in findings:
            columns[:, column] = values[:, list(findings).index(finding)]
    return Predictions(cohort.images[rows], cohort.patients[rows], cohort.findings, columns, card)
