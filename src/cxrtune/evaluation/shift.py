"""How the parts of a cohort differ: views, sexes, ages, prevalences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxrtune.cohort.table import SPLITS, Cohort
from cxrtune.evaluation.results import SplitProfile


def describe_shift(cohort: Cohort) -> list[SplitProfile]:
    """Describe train, validation and test side by side, those that have images."""
    described = []
    for split in SPLITS:
        rows = cohort.rows(split)
        if not len(rows):
            continue
        frame, labels = cohort.frame.iloc[rows], cohort.labels[rows]
        ages = pd.to_numeric(frame["age"], errors="coerce").dropna()
        described.append(
            SplitProfile(
                split=split,
                views=_shares(frame["view"]),
                sexes=_shares(frame["sex"]),
                median_age=float(ages.median()) if len(ages) else None,
                prevalence={
                    finding: float(np.nanmean(labels[:, column]))
                    for column, finding in enumerate(cohort.findings)
                    if not np.isnan(labels[:, column]).all()
                },
            )
        )
    return described


def _shares(column: pd.Series[str]) -> dict[str, float]:
    known = column.dropna().astype(str)
    known = known[known != ""]
    return {str(value): float(share) for value, share in known.value_counts(normalize=True).items()}
