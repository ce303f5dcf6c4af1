"""AUROC and paired differences from labels and scores in memory, without cohorts, files or thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.table import DESCRIPTION, CohortTable
from cxrtune.evaluation.common_ground import CommonGround
from cxrtune.evaluation.comparison import compare_all
from cxrtune.evaluation.results import AreaResult, Comparison
from cxrtune.evaluation.roc import RocCurve, roc_curve
from cxrtune.evaluation.statistics.bootstrap import draw_patients
from cxrtune.evaluation.training_parts import areas_within


@dataclass(frozen=True)
class ArrayAreas:
    """Results for arrays of labels and scores.

    Attributes:
        findings: By model and finding, the AUROC and the counts that it is based on.
        macro: By model, the mean over the findings.
        comparisons: Every pair of models, in the given order; all tests are corrected together.
        curves: By model and finding, the ROC curve where it is defined.
        patients: Number of patients.
    """

    findings: dict[str, dict[str, AreaResult]]
    macro: dict[str, AreaResult]
    comparisons: list[Comparison]
    curves: dict[tuple[str, str], RocCurve]
    patients: int


def areas_of_arrays(
    labels: NDArray[np.float32],
    scores: Mapping[str, NDArray[np.floating]],
    patients: NDArray[np.object_],
    findings: Sequence[str],
    *,
    seed: int = 0,
) -> ArrayAreas:
    """Evaluate models by their scores alone; intervals and tests are the same as in an evaluation.

    Args:
        labels: float32 (N, F), 1, 0, or NaN if not known.
        scores: By model, (N, F), any monotone score, NaN if not known.
        patients: object (N,), the patient of each image, as text.
        findings: Names of the F findings.
        seed: Random seed for the permutation tests.
    """
    usable = ~np.isnan(labels) & ~np.any([np.isnan(of) for of in scores.values()], axis=0)
    ground = CommonGround(
        cohort=_test_set(labels, patients, findings),
        rows=np.arange(len(labels)),
        labels=labels,
        scores=scores,
        usable=usable,
        not_scored=dict.fromkeys(scores, 0),
        # Neither AUROCs nor their differences need bootstrap replicates.
        resamples=draw_patients(patients, replicates=1, seed=seed),
        seed=seed,
    )
    everywhere = np.ones(len(labels), dtype=bool)
    areas = {name: areas_within(ground, name, everywhere) for name in scores}
    return ArrayAreas(
        findings={name: of for name, (of, _) in areas.items()},
        macro={name: mean for name, (_, mean) in areas.items()},
        comparisons=compare_all(ground),
        curves={
            (name, finding): curve
            for name, of in scores.items()
            for column, finding in enumerate(findings)
            if (curve := _curve(ground, of, column)) is not None
        },
        patients=ground.resamples.patients,
    )


def _curve(ground: CommonGround, scores: NDArray[np.floating], column: int) -> RocCurve | None:
    keep = ground.usable[:, column]
    return roc_curve(ground.labels[keep, column], scores[keep, column])


def _test_set(
    labels: NDArray[np.float32], patients: NDArray[np.object_], findings: Sequence[str]
) -> CohortTable:
    """Return a cohort with images, patients and labels only."""
    described = pd.DataFrame(index=range(len(labels)), columns=list(DESCRIPTION))
    described = described.assign(image=[f"row {row}" for row in range(len(labels))], patient=patients)
    known = pd.DataFrame(labels, columns=list(findings), dtype="Float32").astype("Int8")
    return CohortTable(pd.concat([described.assign(split="test"), known], axis=1))
