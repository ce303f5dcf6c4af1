"""One model on the common ground: areas, calls, operating points, calibration."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration.calibrator import Calibrator, logit
from cxrtune.evaluation.calibration.reliability import (
    brier,
    expected_calibration_error,
    log_loss,
    reliability,
)
from cxrtune.evaluation.calls import call_intervals, call_replicates
from cxrtune.evaluation.classification import averages, count
from cxrtune.evaluation.common_ground import CommonGround, interval_of, intervals_of, mean_of, named_interval
from cxrtune.evaluation.precision_recall import average_precision
from cxrtune.evaluation.results import (
    CalibrationQuality,
    CalibrationResult,
    FindingResult,
    Intervals,
    ModelResult,
    OperatingPointResult,
    ReliabilityBin,
    StatedPrevalence,
)
from cxrtune.evaluation.roc import auroc
from cxrtune.evaluation.statistics.areas import AreaReplicates
from cxrtune.evaluation.statistics.auroc_interval import auroc_interval
from cxrtune.evaluation.statistics.delong import delong
from cxrtune.evaluation.thresholds import OperatingPoint
from cxrtune.evaluation.validation import Chosen
from cxrtune.predictions import ModelCard

Areas = Mapping[tuple[str, int], AreaReplicates]
Values = NDArray[np.float64]


def evaluate_model(
    ground: CommonGround,
    name: str,
    card: ModelCard,
    chosen: Chosen,
    areas: Areas,
    prevalence: Mapping[str, float],
) -> ModelResult:
    """Evaluate one model.

    Args:
        ground: The images, labels and scores.
        name: The model's.
        card: What is known of it.
        chosen: What validation decided for it.
        areas: The replicates of its areas.
        prevalence: Stated prevalences, by finding.
    """
    limits = np.array([chosen.thresholds.get(finding, np.nan) for finding in ground.findings])
    scores = ground.scores[name]
    calls = scores.astype(np.float64) >= limits
    usable = ground.usable & ~np.isnan(scores) & ~np.isnan(limits)
    drawn = call_replicates(calls, ground.truth, usable, ground.resamples)
    findings = {
        finding: _finding(
            ground,
            name,
            column,
            chosen.thresholds.get(finding),
            areas,
            {measure: values[column] for measure, values in drawn.items()},
        )
        for column, finding in enumerate(ground.findings)
    }
    defined = [ground.findings.index(f) for f, result in findings.items() if result.auroc is not None]
    means = averages(calls, ground.truth, usable)
    macro = {measure: mean_of(list(drawn[measure])) for measure in ("precision", "recall", "f1")}
    return ModelResult(
        name=name,
        title=card.title,
        origin=card.origin,
        threshold_rule=chosen.threshold_rule,
        images=len(ground.rows),
        not_scored=ground.not_scored[name],
        macro_auroc=_mean([result.auroc for result in findings.values()]),
        macro_auroc_over=len(defined),
        macro_average_precision=_mean([result.average_precision for result in findings.values()]),
        intervals=intervals_of(
            {
                "macro_auroc": mean_of([areas[name, column].auroc for column in defined]),
                "macro_average_precision": mean_of([areas[name, c].average_precision for c in defined]),
            }
        ),
        findings=findings,
        averages=means | {"macro": means["macro"].model_copy(update={"intervals": intervals_of(macro)})},
        operating_points={
            rule: _operating_points(ground, name, points) for rule, points in chosen.points.items()
        },
        calibration={
            finding: result
            for finding, calibrator in chosen.calibrators.items()
            if (result := _calibration(ground, name, finding, calibrator)) is not None
        },
        prevalence={
            finding: _at_prevalence(findings[finding], stated, chosen.calibrators.get(finding))
            for finding, stated in prevalence.items()
        },
    )


def _finding(
    ground: CommonGround,
    name: str,
    column: int,
    threshold: float | None,
    areas: Areas,
    drawn: Mapping[str, Values],
) -> FindingResult:
    has = ground.has(name, column)
    usable = ground.usable[:, column] & has
    labels, scores = ground.labels[usable, column], ground.scores[name][usable, column]
    calls = scores.astype(np.float64) >= (np.nan if threshold is None else threshold)
    counts = count(calls, labels == 1, np.ones(len(labels), dtype=bool))
    called = has and threshold is not None
    truth, patients = labels == 1, ground.resamples.codes[usable]
    intervals: Intervals = {}
    if called:
        intervals |= call_intervals(calls, truth, patients) | intervals_of({"f1": drawn["f1"]})
    if (name, column) in areas:
        intervals |= intervals_of({"average_precision": areas[name, column].average_precision})
        intervals |= named_interval("auroc", auroc_interval(truth, scores, patients))
        intervals |= _delong_interval(truth, scores)
    return FindingResult(
        auroc=auroc(labels, scores),
        average_precision=average_precision(labels, scores),
        threshold=threshold,
        precision=counts.precision if called else None,
        recall=counts.recall if called else None,
        specificity=counts.specificity if called else None,
        f1=counts.f1 if called else None,
        support=counts.support,
        negatives=counts.fp + counts.tn,
        called=counts.tp + counts.fp if called else 0,
        positive_patients=len(np.unique(patients[truth])),
        negative_patients=len(np.unique(patients[~truth])),
        intervals=intervals,
    )


def _delong_interval(truth: NDArray[np.bool_], scores: NDArray[np.floating]) -> Intervals:
    found = delong(truth, scores[:, np.newaxis])
    return {} if found is None else named_interval("auroc_delong", found.interval(0))


def _operating_points(
    ground: CommonGround, name: str, points: Mapping[str, OperatingPoint]
) -> dict[str, OperatingPointResult]:
    if not points:
        return {}
    columns = [ground.findings.index(finding) for finding in points]
    usable = ground.usable[:, columns] & np.array([ground.has(name, column) for column in columns])
    truth = ground.truth[:, columns]
    limits = np.array([point.threshold for point in points.values()])
    calls = ground.scores[name][:, columns].astype(np.float64) >= limits
    results = {}
    for place, (finding, point) in enumerate(points.items()):
        counts = count(calls[:, place], truth[:, place], usable[:, place])
        keep = usable[:, place]
        found = call_intervals(calls[keep, place], truth[keep, place], ground.resamples.codes[keep])
        results[finding] = OperatingPointResult(
            threshold=point.threshold,
            validation_sensitivity=point.sensitivity,
            validation_specificity=point.specificity,
            sensitivity=counts.recall,
            specificity=counts.specificity,
            intervals={
                ours: found[theirs]
                for ours, theirs in (("sensitivity", "recall"), ("specificity", "specificity"))
                if theirs in found
            },
        )
    return results


def _calibration(
    ground: CommonGround, name: str, finding: str, calibrator: Calibrator
) -> CalibrationResult | None:
    column = ground.findings.index(finding)
    usable = np.flatnonzero(ground.usable[:, column] & ground.has(name, column))
    if not len(usable):
        return None
    truth, before = ground.truth[usable, column], ground.scores[name][usable, column].astype(np.float64)
    after = calibrator(before)
    intervals: Intervals = {}
    for kind, values in (("brier_before", before), ("brier_after", after)):
        interval = interval_of(_mean_replicates(ground, usable, (values - truth) ** 2))
        intervals |= {} if interval is None else {kind: interval}
    return CalibrationResult(
        method=calibrator.method,
        before=_quality(truth, before),
        after=_quality(truth, after),
        intervals=intervals,
    )


def _mean_replicates(ground: CommonGround, rows: NDArray[np.intp], values: Values) -> Values:
    codes, patients = ground.resamples.codes[rows], ground.resamples.patients
    sums = np.stack(
        [np.bincount(codes, weights=values, minlength=patients), np.bincount(codes, minlength=patients)]
    )
    total, images = np.concatenate([sums @ times for _, times in ground.resamples.chunks()], axis=1)
    return np.where(images > 0, total / np.maximum(images, 1), np.nan)


def _quality(truth: NDArray[np.bool_], probabilities: Values) -> CalibrationQuality:
    return CalibrationQuality(
        brier=brier(truth, probabilities),
        log_loss=log_loss(truth, probabilities),
        ece=expected_calibration_error(truth, probabilities),
        bins=[ReliabilityBin(**vars(part)) for part in reliability(truth, probabilities)],
    )


def _at_prevalence(result: FindingResult, stated: float, calibrator: Calibrator | None) -> StatedPrevalence:
    whole = result.support + result.negatives
    factor = None
    if calibrator is not None:
        factor = float(np.exp(logit(np.array(stated)) - logit(np.array(calibrator.prevalence))))
    sensitivity, specificity = result.recall, result.specificity
    positive = negative = None
    if sensitivity is not None and specificity is not None:
        right, false = stated * sensitivity, (1 - stated) * (1 - specificity)
        absent, overlooked = (1 - stated) * specificity, stated * (1 - sensitivity)
        positive = right / (right + false) if right + false else None
        negative = absent / (absent + overlooked) if absent + overlooked else None
    return StatedPrevalence(
        prevalence=stated,
        observed=result.support / whole if whole else 0.0,
        positive_predictive_value=positive,
        negative_predictive_value=negative,
        odds_factor=factor,
    )


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
