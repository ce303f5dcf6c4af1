"""Evaluate one model for one finding: AUROC, decisions at its threshold, and its worst errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calls import call_intervals, count
from cxrtune.evaluation.common_ground import CommonGround, named_interval
from cxrtune.evaluation.likelihood_ratios import LikelihoodRatios, likelihood_ratios
from cxrtune.evaluation.precision_recall import average_precision
from cxrtune.evaluation.results import Example, FindingResult, Intervals
from cxrtune.evaluation.roc import auroc
from cxrtune.evaluation.statistics.auroc_interval import auroc_estimate
from cxrtune.evaluation.statistics.bootstrap import spread_interval
from cxrtune.evaluation.statistics.delong import delong
from cxrtune.evaluation.statistics.mover import Estimate

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

_EXAMPLES_EACH = 2


@dataclass(frozen=True)
class JudgedFinding:
    """The stored result of a finding, and values from which other results are derived.

    Attributes:
        result: The stored result.
        area: The AUROC; None without positives or negatives, or if all images are of one patient.
        ratios: The likelihood ratios, whose limits may be infinite; None without a threshold, or without
            positives or negatives.
    """

    result: FindingResult
    area: Estimate | None
    ratios: LikelihoodRatios | None


def judge_finding(
    ground: CommonGround,
    name: str,
    column: int,
    threshold: float | None,
    precisions: Values | None,
    drawn: Mapping[str, Values],
) -> JudgedFinding:
    """Evaluate one model for one finding.

    Args:
        ground: The shared test set.
        name: Name of the model.
        column: Column index of the finding.
        threshold: Threshold of the model's score; None if it has no threshold.
        precisions: float64 (B,), replicates of the average precision; None if the model has no scores.
        drawn: Replicates of precision, recall, specificity and F1, float64 (B,) each.
    """
    sample = ground.sample(name, column)
    truth, scores, patients = sample.truth, sample.scores, sample.patients
    with_it = len(np.unique(patients[truth]))
    precision, area = average_precision(sample.labels, scores), None
    intervals: Intervals = {}
    if precisions is not None:
        area = auroc_estimate(truth, scores, patients, ground.resamples.patients)
        intervals |= {} if area is None else named_interval("auroc", area.interval())
        intervals |= _delong_interval(truth, scores)
        intervals |= _spread("average_precision", precision, precisions, with_it)
    result = FindingResult(
        auroc=auroc(sample.labels, scores),
        average_precision=precision,
        threshold=threshold,
        precision=None,
        recall=None,
        specificity=None,
        f1=None,
        support=int(truth.sum()),
        negatives=int((~truth).sum()),
        called=0,
        positive_patients=with_it,
        negative_patients=len(np.unique(patients[~truth])),
        intervals=intervals,
    )
    if threshold is None or not ground.has(name, column):
        return JudgedFinding(result, area, None)
    called, ratios = _called(result, sample.calls(threshold), truth, patients, drawn["f1"])
    return JudgedFinding(called, area, ratios)


def _called(
    result: FindingResult, calls: Mask, truth: Mask, patients: NDArray[np.intp], f1: Values
) -> tuple[FindingResult, LikelihoodRatios | None]:
    counts = count(calls, truth, np.ones(len(truth), dtype=bool))
    intervals = call_intervals(calls, truth, patients)
    ratios = likelihood_ratios(calls, truth, patients, intervals)
    intervals |= _spread("f1", counts.f1, f1, result.positive_patients)
    intervals |= {} if ratios is None else ratios.intervals
    update = {
        "precision": counts.precision,
        "recall": counts.recall,
        "specificity": counts.specificity,
        "f1": counts.f1,
        "negative_predictive_value": counts.negative_predictive_value,
        "positive_likelihood_ratio": None if ratios is None else ratios.positive,
        "negative_likelihood_ratio": None if ratios is None else ratios.negative,
        "called": counts.tp + counts.fp,
        **vars(counts),
        "intervals": intervals | result.intervals,
    }
    return result.model_copy(update=update), ratios


def _spread(name: str, value: float | None, replicates: Values, patients: int) -> Intervals:
    return {} if value is None else named_interval(name, spread_interval(value, replicates, patients))


def _delong_interval(truth: Mask, scores: NDArray[np.floating]) -> Intervals:
    found = delong(truth, scores[:, np.newaxis])
    return {} if found is None else named_interval("auroc_delong", found.interval(0))


def find_examples(ground: CommonGround, model: str) -> list[Example]:
    """Return, for each finding, the highest-scored negatives and the lowest-scored positives.

    No patient is shown twice for the same finding and type of error.
    """
    examples = []
    for column, finding in enumerate(ground.findings):
        if not ground.has(model, column):
            continue
        scores = ground.scores[model][:, column]
        for kind, present, order in (
            ("false positive", False, np.argsort(-scores, kind="stable")),
            ("false negative", True, np.argsort(scores, kind="stable")),
        ):
            wanted = order[(ground.usable & (ground.truth == present))[order, column]]
            _, first = np.unique(ground.patients[wanted].astype(str), return_index=True)
            examples += [
                Example(
                    model=model,
                    finding=finding,
                    kind=kind,
                    image=str(ground.cohort.images[ground.rows[row]]),
                    score=float(scores[row]),
                    others=[f for i, f in enumerate(ground.findings) if ground.truth[row, i] and i != column],
                )
                for row in wanted[np.sort(first)[:_EXAMPLES_EACH]]
            ]
    return examples
