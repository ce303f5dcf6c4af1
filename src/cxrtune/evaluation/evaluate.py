"""Evaluate the predictions of one or more models on a cohort, using the same images for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.boxes import Boxes
from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError
from cxrtune.evaluation.cautions import find_cautions
from cxrtune.evaluation.cohort_parts import (
    count_splits,
    describe_shift,
    judged_by_part,
    patients_in_two_parts,
)
from cxrtune.evaluation.common_ground import CommonGround, aligned, find_common_ground
from cxrtune.evaluation.comparison import compare_all
from cxrtune.evaluation.finding_result import find_examples
from cxrtune.evaluation.localization.localize import localize
from cxrtune.evaluation.model_result import evaluate_model
from cxrtune.evaluation.net_benefit import NetBenefit, net_benefits, points_of
from cxrtune.evaluation.paired_calls import compare_all_calls
from cxrtune.evaluation.precision_recall import PrecisionRecallCurve, precision_recall_curve
from cxrtune.evaluation.results import (
    Bootstrap,
    Localization,
    MissingModel,
    ModelResult,
    Origin,
    StoredResults,
)
from cxrtune.evaluation.roc import RocCurve, roc_curve
from cxrtune.evaluation.second_truth import OtherLabels, evaluate_second_truth
from cxrtune.evaluation.settings import ALL, EvaluationSettings
from cxrtune.evaluation.statistics.replicates import Bands, curve_bands
from cxrtune.evaluation.subgroups import evaluate_subgroups
from cxrtune.evaluation.training_parts import TrainingPart, contamination, evaluate_outside
from cxrtune.evaluation.validation import Chosen, GivenThresholds, chosen_on, stored_or_chosen
from cxrtune.heatmaps import Heatmaps
from cxrtune.predictions import Predictions


@dataclass(frozen=True)
class Supplements:
    """Further inputs in addition to labels and scores.

    Attributes:
        training_parts: For models that may have been trained on evaluated images, what is known about them.
        other_labels: Further sets of labels.
        missing: Comparisons that could not be made; the results list them.
        heatmaps: Class activation maps, by model; evaluated if there are boxes.
        boxes: Bounding boxes that readers drew around findings.
        origin: The source of the images, labels and boxes.
        thresholds: By model, thresholds to use instead of its own; nothing is then chosen on validation
            images.
    """

    training_parts: Mapping[str, TrainingPart] = field(default_factory=dict)
    other_labels: Sequence[OtherLabels] = ()
    missing: Sequence[MissingModel] = ()
    heatmaps: Mapping[str, Heatmaps] = field(default_factory=dict)
    boxes: Boxes | None = None
    origin: Origin = field(default_factory=Origin)
    thresholds: Mapping[str, GivenThresholds] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """The output of an evaluation.

    Attributes:
        results: The numbers.
        curves: The ROC curve of each (model, finding) for which it is defined.
        precision_recall: The precision-recall curve of each.
        bands: The confidence bands of both curves.
        net_benefit: The decision curve of each with calibrated probabilities.
    """

    results: StoredResults
    curves: dict[tuple[str, str], RocCurve]
    precision_recall: dict[tuple[str, str], PrecisionRecallCurve]
    bands: dict[tuple[str, str], Bands]
    net_benefit: dict[tuple[str, str], NetBenefit] = field(default_factory=dict)


def evaluate(
    cohort: CohortTable,
    predictions: Mapping[str, Predictions],
    settings: EvaluationSettings = EvaluationSettings(),  # noqa: B008  frozen
    beside: Supplements = Supplements(),
) -> Evaluation:
    """Evaluate models on one part of a cohort, using the images that all models scored.

    Args:
        cohort: The cohort with the labels.
        predictions: Each model's scores, by name.
        settings: The settings of the evaluation.
        beside: Further inputs.

    Raises:
        DataError: A model scored no image of the split, no image was scored by all models, the split is
            empty, or the plan's endpoint is not a finding of the cohort.
        UsageError: A prevalence is stated for a finding that is not in the cohort.
    """
    rows = np.arange(len(cohort)) if settings.split == ALL else cohort.rows(settings.split)
    if not len(rows):
        raise DataError(f"the cohort has no {settings.split} images")
    settings.check(cohort.findings)
    scores = {name: aligned(name, table, cohort) for name, table in predictions.items()}
    ground = find_common_ground(
        cohort, scores, rows, split=settings.split, replicates=settings.replicates, seed=settings.seed
    )
    chosen = {
        name: _chosen(cohort, table, scores[name], beside.thresholds.get(name))
        for name, table in predictions.items()
    }
    benefit = net_benefits(ground, {name: one.calibrators for name, one in chosen.items()})
    models = _models(ground, predictions, scores, chosen, benefit, settings, beside)
    cautions = find_cautions(ground, rows, scores, models)
    results = _results(ground, rows, models, chosen, settings, beside)
    results = results.model_copy(update={"cautions": cautions})
    return Evaluation(results, *_curves(ground), _bands(ground), benefit)


def _chosen(
    cohort: CohortTable, table: Predictions, scores: NDArray[np.floating], given: GivenThresholds | None
) -> Chosen:
    """Return a model's thresholds and calibration; those that it lacks are chosen on validation images."""
    validation = cohort.rows("validation")
    return stored_or_chosen(
        table.model,
        cohort.findings,
        cohort.labels[validation],
        scores[validation],
        cohort.patients[validation],
        given,
    )


def _models(
    ground: CommonGround,
    predictions: Mapping[str, Predictions],
    scores: Mapping[str, NDArray[np.floating]],
    chosen: Mapping[str, Chosen],
    benefit: Mapping[tuple[str, str], NetBenefit],
    settings: EvaluationSettings,
    beside: Supplements,
) -> list[ModelResult]:
    precisions = ground.precisions()
    models = []
    for name, table in predictions.items():
        part = beside.training_parts.get(name)
        basis = chosen_on(
            table.model, chosen[name], ground.cohort, scores[name], ground.rows, beside.thresholds.get(name)
        )
        result = evaluate_model(
            ground,
            name,
            table.model,
            chosen[name],
            basis,
            precisions=precisions,
            prevalence=settings.prevalence,
            net_benefit=points_of(name, benefit),
            contamination=None if part is None else contamination(ground, part),
        )
        models.append(result)
    return models


def _results(
    ground: CommonGround,
    rows: NDArray[np.intp],
    models: list[ModelResult],
    chosen: Mapping[str, Chosen],
    settings: EvaluationSettings,
    beside: Supplements,
) -> StoredResults:
    cohort = ground.cohort
    parts = {name: part for name, part in beside.training_parts.items() if name in chosen}
    outside = [evaluate_outside(ground, name, part) for name, part in parts.items()]
    truths = [evaluate_second_truth(ground, other) for other in beside.other_labels]
    thresholds = {name: one.thresholds for name, one in chosen.items()}
    return StoredResults(
        synthetic={"synthetic": True, "nih": False}.get(beside.origin.images),
        origin=beside.origin,
        split=settings.split,
        images=len(rows),
        patients=len(set(cohort.patients[rows])),
        shared_images=len(ground.rows),
        shared_patients=ground.resamples.patients,
        judged=judged_by_part(cohort, ground.rows),
        patients_in_two_parts=patients_in_two_parts(cohort),
        bootstrap=Bootstrap(
            replicates=settings.replicates, patients=ground.resamples.patients, seed=settings.seed
        ),
        findings=list(cohort.findings),
        cohort=count_splits(cohort),
        models=models,
        missing=list(beside.missing),
        primary=settings.plan.primary,
        comparisons=compare_all(ground, settings.plan),
        call_comparisons=compare_all_calls(ground, thresholds),
        attributes=evaluate_subgroups(ground, thresholds),
        outside=[found for found in outside if found is not None],
        localizations=_localizations(cohort, rows, settings, beside),
        second_truths=[found for found in truths if found is not None],
        shift=describe_shift(cohort),
        examples=find_examples(ground, models[0].name),
    )


def _localizations(
    cohort: CohortTable, rows: NDArray[np.intp], settings: EvaluationSettings, beside: Supplements
) -> list[Localization]:
    # The images are those with a box and a map, not the shared test set: scores are not used here.
    boxes = beside.boxes
    if boxes is None:
        return []
    found = [
        localize(name, heatmaps, boxes, cohort, rows, replicates=settings.replicates, seed=settings.seed)
        for name, heatmaps in beside.heatmaps.items()
    ]
    return [one for one in found if one is not None]


def _curves(
    ground: CommonGround,
) -> tuple[dict[tuple[str, str], RocCurve], dict[tuple[str, str], PrecisionRecallCurve]]:
    roc, precision_recall = {}, {}
    for name, column in ground.scored():
        sample = ground.sample(name, column)
        curve = roc_curve(sample.labels, sample.scores)
        other = precision_recall_curve(sample.labels, sample.scores)
        if curve is not None and other is not None:
            key = name, ground.findings[column]
            roc[key], precision_recall[key] = curve, other
    return roc, precision_recall


def _bands(ground: CommonGround) -> dict[tuple[str, str], Bands]:
    bands = {}
    for name, column in ground.scored():
        sample = ground.sample(name, column)
        found = curve_bands(sample.truth, sample.scores, sample.rows, ground.resamples)
        if found is not None:
            bands[name, ground.findings[column]] = found
    return bands
