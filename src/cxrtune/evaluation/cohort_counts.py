"""How large each part of a cohort is: images, patients, positives a finding."""

from __future__ import annotations

from cxrtune.cohort.table import SPLITS, Cohort
from cxrtune.evaluation.results import FindingCount, SplitCount


def count_splits(cohort: Cohort) -> list[SplitCount]:
    """Count train, validation and test, those that have images."""
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
