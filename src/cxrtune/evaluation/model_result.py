"""Evaluate one model on the shared test set; each step has its own module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration.reliability import calibration_result
from cxrtune.evaluation.calls import averages, call_replicates, operating_point_results
from cxrtune.evaluation.common_ground import CommonGround, mean_of, named_intervals
from cxrtune.evaluation.curve_values import curve_values
from cxrtune.evaluation.finding_result import JudgedFinding, judge_finding
from cxrtune.evaluation.likelihood_ratios import at_prevalence
from cxrtune.evaluation.results import (
    AverageResult,
    CalibrationResult,
    ChosenOn,
    Contamination,
    CurveResult,
    Intervals,
    ModelResult,
    NetBenefitPoint,
    StatedPrevalence,
)
from cxrtune.evaluation.statistics.bootstrap import spread_interval
from cxrtune.evaluation.statistics.mover import mean_estimate
from cxrtune.evaluation.validation import Chosen, threshold_rule
from cxrtune.predictions import ModelCard

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]
Precisions = Mapping[tuple[str, int], Values]
"""Replicates of average precision, float64 (B,), by model and column of the finding."""


@dataclass(frozen=True)
class _Called:
    """A model's decisions at its thresholds, bool (n, F), which of them count, and replicates of measures."""

    calls: Mask
    usable: Mask
    drawn: dict[str, Values]


def evaluate_model(
    ground: CommonGround,
    name: str,
    card: ModelCard,
    chosen: Chosen,
    basis: ChosenOn,
    *,
    precisions: Precisions,
    prevalence: Mapping[str, float],
    net_benefit: Mapping[str, list[NetBenefitPoint]],
    contamination: Contamination | None,
) -> ModelResult:
    """Evaluate one model.

    Args:
        ground: The shared test set.
        name: Name of the model.
        card: What is known about the model.
        chosen: Its thresholds and calibration.
        basis: The images that these were chosen on.
        precisions: The replicates of average precision of all models.
        prevalence: Stated prevalences, by finding.
        net_benefit: Points of its decision curves, by finding.
        contamination: What is known about the overlap with its training images.
    """
    called = _called(ground, name, chosen)
    judged = _judged(ground, name, chosen, called, precisions)
    findings = {finding: one.result for finding, one in judged.items()}
    return ModelResult(
        name=name,
        title=card.title,
        origin=card.origin,
        threshold_rule=threshold_rule(name, chosen, basis),
        images=len(ground.rows),
        not_scored=ground.not_scored[name],
        macro_auroc=_mean([result.auroc for result in findings.values()]),
        macro_auroc_over=sum(result.auroc is not None for result in findings.values()),
        macro_average_precision=_mean([result.average_precision for result in findings.values()]),
        intervals=_macro_intervals(ground, name, judged, precisions),
        findings=findings,
        averages=_averages(ground, called),
        operating_points={
            rule: operating_point_results(ground, name, points) for rule, points in chosen.points.items()
        },
        calibration=_calibration(ground, name, chosen),
        prevalence=_at_prevalences(judged, chosen, prevalence),
        curves=_curves(ground, name),
        net_benefit=dict(net_benefit),
        contamination=contamination,
        chosen=basis,
    )


def _called(ground: CommonGround, name: str, chosen: Chosen) -> _Called:
    thresholds = np.array([chosen.thresholds.get(finding, np.nan) for finding in ground.findings])
    scores = ground.scores[name]
    calls = scores.astype(np.float64) >= thresholds
    usable = ground.usable & ~np.isnan(scores) & ~np.isnan(thresholds)
    return _Called(calls, usable, call_replicates(calls, ground.truth, usable, ground.resamples))


def _judged(
    ground: CommonGround, name: str, chosen: Chosen, called: _Called, precisions: Precisions
) -> dict[str, JudgedFinding]:
    """Evaluate the findings one by one: AUROC, and decisions at the thresholds."""
    return {
        finding: judge_finding(
            ground,
            name,
            column,
            chosen.thresholds.get(finding),
            precisions.get((name, column)),
            {measure: values[column] for measure, values in called.drawn.items()},
        )
        for column, finding in enumerate(ground.findings)
    }


def _macro_intervals(
    ground: CommonGround, name: str, judged: Mapping[str, JudgedFinding], precisions: Precisions
) -> Intervals:
    """Return the intervals of the means over the findings that have an AUROC."""
    columns = [
        column for column, finding in enumerate(ground.findings) if judged[finding].result.auroc is not None
    ]
    areas = [one.area for one in judged.values() if one.area is not None]
    mean_area = mean_estimate(areas) if len(areas) == len(columns) else None
    precision = _mean([one.result.average_precision for one in judged.values()]) or 0.0
    drawn = mean_of([precisions[name, column] for column in columns])
    patients = _patients_with_any(ground, ground.usable)
    return named_intervals(
        {
            "macro_auroc": None if mean_area is None else mean_area.interval(),
            "macro_average_precision": spread_interval(precision, drawn, patients),
        }
    )


def _averages(ground: CommonGround, called: _Called) -> dict[str, AverageResult]:
    """Average the decisions over findings and over images; the macro average has intervals."""
    means = averages(called.calls, ground.truth, called.usable)
    patients = _patients_with_any(ground, called.usable)
    intervals = {
        measure: spread_interval(value, mean_of(list(called.drawn[measure])), patients)
        for measure in ("precision", "recall", "f1")
        if (value := getattr(means["macro"], measure)) is not None
    }
    macro = means["macro"].model_copy(update={"intervals": named_intervals(intervals)})
    return means | {"macro": macro}


def _calibration(ground: CommonGround, name: str, chosen: Chosen) -> dict[str, CalibrationResult]:
    return {
        finding: result
        for finding, calibrator in chosen.calibrators.items()
        if (result := calibration_result(ground, name, finding, calibrator)) is not None
    }


def _at_prevalences(
    judged: Mapping[str, JudgedFinding], chosen: Chosen, prevalence: Mapping[str, float]
) -> dict[str, StatedPrevalence]:
    return {
        finding: at_prevalence(
            judged[finding].result, judged[finding].ratios, stated, chosen.calibrators.get(finding)
        )
        for finding, stated in prevalence.items()
    }


def _curves(ground: CommonGround, name: str) -> dict[str, CurveResult]:
    curves: dict[str, CurveResult] = {}
    for column, finding in enumerate(ground.findings):
        sample = ground.sample(name, column)
        found = curve_values(sample.truth, sample.scores, sample.patients)
        curves |= {} if found is None else {finding: found}
    return curves


def _patients_with_any(ground: CommonGround, usable: Mask) -> int:
    """Count the patients with any usable finding, each once."""
    return len(np.unique(ground.resamples.codes[(ground.truth & usable).any(axis=1)]))


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
