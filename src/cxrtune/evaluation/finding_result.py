"""One model on one finding: areas, and the calls at its threshold against the reference standard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calls import call_intervals
from cxrtune.evaluation.classification import count
from cxrtune.evaluation.common_ground import CommonGround, intervals_of, named_interval
from cxrtune.evaluation.likelihood_ratios import LikelihoodRatios, likelihood_ratios
from cxrtune.evaluation.precision_recall import average_precision
from cxrtune.evaluation.results import FindingResult, Intervals
from cxrtune.evaluation.roc import auroc
from cxrtune.evaluation.statistics.areas import AreaReplicates
from cxrtune.evaluation.statistics.auroc_interval import auroc_interval
from cxrtune.evaluation.statistics.delong import delong

Areas = Mapping[tuple[str, int], AreaReplicates]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class JudgedFinding:
    """What is stored of a finding, and the likelihood ratios with limits that may be infinite.

    Attributes:
        result: As it is stored.
        ratios: None without a threshold, or without positives or negatives.
    """

    result: FindingResult
    ratios: LikelihoodRatios | None


def judge_finding(
    ground: CommonGround,
    name: str,
    column: int,
    threshold: float | None,
    areas: Areas,
    drawn: Mapping[str, Values],
) -> JudgedFinding:
    """Judge one model on one finding.

    Args:
        ground: The images, labels and scores.
        name: The model's.
        column: The finding's.
        threshold: Of the model's probability; None if it has none.
        areas: The replicates of its areas.
        drawn: Replicates of precision, recall, specificity and F1, float64 (B,) each.
    """
    has = ground.has(name, column)
    usable = ground.usable[:, column] & has
    truth, patients = ground.truth[usable, column], ground.resamples.codes[usable]
    scores = ground.scores[name][usable, column]
    intervals: Intervals = {}
    if (name, column) in areas:
        intervals |= intervals_of({"average_precision": areas[name, column].average_precision})
        intervals |= named_interval("auroc", auroc_interval(truth, scores, patients))
        intervals |= _delong_interval(truth, scores)
    labels = truth.astype(np.float32)
    result = FindingResult(
        auroc=auroc(labels, scores),
        average_precision=average_precision(labels, scores),
        threshold=threshold,
        precision=None,
        recall=None,
        specificity=None,
        f1=None,
        support=int(truth.sum()),
        negatives=int((~truth).sum()),
        called=0,
        positive_patients=len(np.unique(patients[truth])),
        negative_patients=len(np.unique(patients[~truth])),
        intervals=intervals,
    )
    if not has or threshold is None:
        return JudgedFinding(result, None)
    return _called(result, scores.astype(np.float64) >= threshold, truth, patients, drawn["f1"])


def _called(
    result: FindingResult, calls: Mask, truth: Mask, patients: NDArray[np.intp], f1: Values
) -> JudgedFinding:
    counts = count(calls, truth, np.ones(len(truth), dtype=bool))
    intervals = call_intervals(calls, truth, patients)
    ratios = likelihood_ratios(calls, truth, patients, intervals)
    intervals |= intervals_of({"f1": f1}) | ({} if ratios is None else ratios.intervals)
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
    return JudgedFinding(result.model_copy(update=update), ratios)


def _delong_interval(truth: Mask, scores: NDArray[np.floating]) -> Intervals:
    found = delong(truth, scores[:, np.newaxis])
    return {} if found is None else named_interval("auroc_delong", found.interval(0))
