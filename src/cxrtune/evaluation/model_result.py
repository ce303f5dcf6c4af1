"""One model on the common ground: findings, averages, operating points, calibration, curves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration_result import calibration_result
from cxrtune.evaluation.calls import call_replicates
from cxrtune.evaluation.classification import averages
from cxrtune.evaluation.common_ground import CommonGround, mean_of, named_intervals
from cxrtune.evaluation.curve_values import curve_values
from cxrtune.evaluation.finding_result import judge_finding
from cxrtune.evaluation.operating_point_results import operating_point_results
from cxrtune.evaluation.results import CurveResult, ModelResult
from cxrtune.evaluation.stated_prevalence import at_prevalence
from cxrtune.evaluation.statistics.bootstrap import spread_interval
from cxrtune.evaluation.statistics.mover import mean_estimate
from cxrtune.evaluation.validation import Chosen
from cxrtune.predictions import ModelCard

Values = NDArray[np.float64]


def evaluate_model(
    ground: CommonGround,
    name: str,
    card: ModelCard,
    chosen: Chosen,
    precisions: Mapping[tuple[str, int], Values],
    prevalence: Mapping[str, float],
) -> ModelResult:
    """Evaluate one model.

    Args:
        ground: The images, labels and scores.
        name: The model's.
        card: What is known of it.
        chosen: What validation decided for it.
        precisions: float64 (B,), replicates of average precision, by model and finding's column.
        prevalence: Stated prevalences, by finding.
    """
    limits = np.array([chosen.thresholds.get(finding, np.nan) for finding in ground.findings])
    scores = ground.scores[name]
    calls = scores.astype(np.float64) >= limits
    usable = ground.usable & ~np.isnan(scores) & ~np.isnan(limits)
    drawn = call_replicates(calls, ground.truth, usable, ground.resamples)
    judged = {
        finding: judge_finding(
            ground,
            name,
            column,
            chosen.thresholds.get(finding),
            precisions.get((name, column)),
            {measure: values[column] for measure, values in drawn.items()},
        )
        for column, finding in enumerate(ground.findings)
    }
    findings = {finding: one.result for finding, one in judged.items()}
    defined = [ground.findings.index(f) for f, result in findings.items() if result.auroc is not None]
    means = averages(calls, ground.truth, usable)
    # A patient counts once, with whatever findings it has.
    patients = len(np.unique(ground.resamples.codes[(ground.truth & usable).any(axis=1)]))
    macro = {
        measure: spread_interval(value, mean_of(list(drawn[measure])), patients)
        for measure in ("precision", "recall", "f1")
        if (value := getattr(means["macro"], measure)) is not None
    }
    macro_precision = _mean([result.average_precision for result in findings.values()])
    areas_known = [one.area for one in judged.values() if one.area is not None]
    mean_area = mean_estimate(areas_known) if len(areas_known) == len(defined) else None
    positive = len(np.unique(ground.resamples.codes[(ground.truth & ground.usable).any(axis=1)]))
    macro_precisions = mean_of([precisions[name, column] for column in defined])
    return ModelResult(
        name=name,
        title=card.title,
        origin=card.origin,
        threshold_rule=chosen.threshold_rule,
        images=len(ground.rows),
        not_scored=ground.not_scored[name],
        macro_auroc=_mean([result.auroc for result in findings.values()]),
        macro_auroc_over=len(defined),
        macro_average_precision=macro_precision,
        intervals=named_intervals(
            {
                "macro_auroc": None if mean_area is None else mean_area.interval(),
                "macro_average_precision": spread_interval(
                    macro_precision or 0.0, macro_precisions, positive
                ),
            }
        ),
        findings=findings,
        averages=means | {"macro": means["macro"].model_copy(update={"intervals": named_intervals(macro)})},
        operating_points={
            rule: operating_point_results(ground, name, points) for rule, points in chosen.points.items()
        },
        calibration={
            finding: result
            for finding, calibrator in chosen.calibrators.items()
            if (result := calibration_result(ground, name, finding, calibrator)) is not None
        },
        prevalence={
            finding: at_prevalence(judged[finding], stated, chosen.calibrators.get(finding))
            for finding, stated in prevalence.items()
        },
        curves=_curves(ground, name),
    )


def _curves(ground: CommonGround, name: str) -> dict[str, CurveResult]:
    curves: dict[str, CurveResult] = {}
    for column, finding in enumerate(ground.findings):
        keep = ground.usable[:, column] & ground.has(name, column)
        scores, patients = ground.scores[name][keep, column], ground.resamples.codes[keep]
        found = curve_values(ground.truth[keep, column], scores, patients)
        curves |= {} if found is None else {finding: found}
    return curves


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
