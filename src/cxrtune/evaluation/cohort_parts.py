"""Describe the parts of a cohort: sizes, views, sexes, ages and prevalences, and which are evaluated."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.table import SPLITS, CohortTable
from cxrtune.evaluation.results import FindingCount, SplitCount, SplitProfile


def count_splits(cohort: CohortTable) -> list[SplitCount]:
    """Count images and patients of train, validation and test, if they have images."""
    labels, patients = cohort.labels, cohort.patients
    counts = []
    for split in SPLITS:
        rows = cohort.rows(split)
        if not len(rows):
            continue
        counts.append(
            SplitCount(
                split=split,
                images=len(rows),
                patients=len(set(patients[rows])),
                findings={
                    finding: FindingCount(
                        positives=int((labels[rows, column] == 1).sum()),
                        known=int((labels[rows, column] >= 0).sum()),
                        positive_patients=len(set(patients[rows][labels[rows, column] == 1])),
                    )
                    for column, finding in enumerate(cohort.findings)
                },
            )
        )
    return counts


def describe_shift(cohort: CohortTable) -> list[SplitProfile]:
    """Describe train, validation and test side by side, if they have images."""
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


def judged_by_part(cohort: CohortTable, rows: NDArray[np.intp]) -> dict[str, int]:
    """Count the evaluated images by part of the cohort; parts without any are omitted."""
    parts = cohort.frame["split"].to_numpy(dtype=object)[rows]
    return {split: images for split in SPLITS if (images := int((parts == split).sum()))}


def patients_in_two_parts(cohort: CohortTable) -> int:
    """Count the patients with images in more than one part of the cohort."""
    parts = cohort.frame[["patient", "split"]].drop_duplicates()
    return int((parts["patient"].value_counts() > 1).sum())


def _shares(column: pd.Series[str]) -> dict[str, float]:
    known = column.dropna().astype(str)
    known = known[known != ""]
    return {str(value): float(share) for value, share in known.value_counts(normalize=True).items()}
