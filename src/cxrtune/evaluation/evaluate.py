"""Cohort + predictions of one or more models -> results, on the same images for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.table import Cohort
from cxrtune.errors import DataError
from cxrtune.evaluation.classification import averages, count
from cxrtune.evaluation.cohort_counts import count_splits
from cxrtune.evaluation.results import FindingResult, MissingModel, ModelResult, Results
from cxrtune.evaluation.roc import RocCurve, auroc, roc_curve
from cxrtune.evaluation.thresholds import YOUDEN_ON_VALIDATION, youden_thresholds
from cxrtune.predictions import ModelCard, Predictions

ALL = "all"


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation gives.

    Attributes:
        results: The numbers.
        curves: The ROC curve of each (model, finding) that has one.
    """

    results: Results
    curves: dict[tuple[str, str], RocCurve]


def evaluate(
    cohort: Cohort,
    predictions: dict[str, Predictions],
    *,
    split: str = "test",
    missing: Sequence[MissingModel] = (),
) -> Evaluation:
    """Evaluate models on one part of a cohort.

    Args:
        cohort: The truth.
        predictions: Each model's probabilities, by name.
        split: `test`, `validation`, `train`, or `all`.
        missing: Comparisons that could not be made; they are named in the results.

    Raises:
        DataError: A model scored no image of the split, or the split is empty.
    """
    rows = np.arange(len(cohort)) if split == ALL else cohort.rows(split)
    if not len(rows):
        raise DataError(f"the cohort has no {split} images")
    curves: dict[tuple[str, str], RocCurve] = {}
    models = []
    for name, table in predictions.items():
        scores = aligned(name, table, cohort)
        models.append(_evaluate_model(name, table.model, cohort, scores, rows, split))
        for column, finding in enumerate(cohort.findings):
            curve = roc_curve(cohort.labels[rows, column], scores[rows, column])
            if curve is not None:
                curves[name, finding] = curve
    results = Results(
        split=split,
        images=len(rows),
        patients=len(set(cohort.patients[rows])),
        findings=list(cohort.findings),
        cohort=count_splits(cohort),
        models=models,
        missing=list(missing),
    )
    return Evaluation(results, curves)


def aligned(name: str, table: Predictions, cohort: Cohort) -> NDArray[np.float32]:
    """Bring a model's probabilities into the cohort's order.

    Returns:
        float32 (N, F), probability in [0, 1], NaN where the model has none.

    Raises:
        DataError: The model scored none of the cohort's images.
    """
    place = {image: row for row, image in enumerate(table.images)}
    source = np.array([place.get(image, -1) for image in cohort.images], dtype=np.intp)
    if (source < 0).all():
        raise DataError(
            f"the predictions named {name} score none of the cohort's images",
            remedy=f"The column 'image' must hold names such as {cohort.images[0]}.",
        )
    columns = [table.findings.index(finding) for finding in cohort.findings]
    scores = table.probabilities[source][:, columns]
    scores[source < 0] = np.nan
    return scores


def _evaluate_model(
    name: str,
    card: ModelCard,
    cohort: Cohort,
    scores: NDArray[np.float32],
    rows: NDArray[np.intp],
    split: str,
) -> ModelResult:
    thresholds, rule = _thresholds(card, cohort, scores)
    labels, scores = cohort.labels[rows], scores[rows]
    scored = ~np.isnan(scores).all(axis=1)
    if not scored.any():
        raise DataError(
            f"the predictions named {name} score none of the {len(rows):,} {split} images",
            remedy="Choose the part that they are for with --split.",
        )
    limits = np.array([thresholds.get(finding, np.nan) for finding in cohort.findings])
    calls = scores.astype(np.float64) >= limits
    truth = labels == 1
    usable = ~(np.isnan(labels) | np.isnan(scores) | np.isnan(limits))
    findings = {}
    areas = []
    for column, finding in enumerate(cohort.findings):
        area = auroc(labels[:, column], scores[:, column])
        areas += [area] if area is not None else []
        findings[finding] = _finding_result(
            area, thresholds.get(finding), labels[:, column], scores[:, column], calls[:, column]
        )
    return ModelResult(
        name=name,
        title=card.title,
        origin=card.origin,
        threshold_rule=rule,
        images=int(scored.sum()),
        not_scored=int((~scored).sum()),
        macro_auroc=float(np.mean(areas)) if areas else None,
        macro_auroc_over=len(areas),
        findings=findings,
        averages=averages(calls, truth, usable),
    )


def _thresholds(card: ModelCard, cohort: Cohort, scores: NDArray[np.float32]) -> tuple[dict[str, float], str]:
    """Take the model's own thresholds; a model that has none gets Youden's from validation."""
    if card.thresholds:
        return card.thresholds, card.threshold_rule
    validation = cohort.rows("validation")
    chosen = youden_thresholds(cohort.findings, cohort.labels[validation], scores[validation])
    return chosen, YOUDEN_ON_VALIDATION if chosen else "none: the model scored no validation images"


def _finding_result(
    area: float | None,
    threshold: float | None,
    labels: NDArray[np.float32],
    scores: NDArray[np.float32],
    calls: NDArray[np.bool_],
) -> FindingResult:
    known = ~(np.isnan(labels) | np.isnan(scores))
    counts = count(calls, labels == 1, known)
    has_calls = threshold is not None
    return FindingResult(
        auroc=area,
        threshold=threshold,
        precision=counts.precision if has_calls else None,
        recall=counts.recall if has_calls else None,
        specificity=counts.specificity if has_calls else None,
        f1=counts.f1 if has_calls else None,
        support=counts.support,
        negatives=counts.fp + counts.tn,
        called=counts.tp + counts.fp if has_calls else 0,
    )
