"""One finding's probabilities before and after calibration, on the evaluated images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration.calibrator import Calibrator
from cxrtune.evaluation.calibration.reliability import (
    brier,
    error_if_perfect,
    error_of,
    log_loss,
    reliability,
)
from cxrtune.evaluation.calibration.slope import Agreement, agreement
from cxrtune.evaluation.common_ground import CommonGround, interval_of, named_interval
from cxrtune.evaluation.results import CalibrationQuality, CalibrationResult, Intervals, ReliabilityBin

Values = NDArray[np.float64]


def calibration_result(
    ground: CommonGround, name: str, finding: str, calibrator: Calibrator
) -> CalibrationResult | None:
    """Judge one finding's calibration; None where no image is judged.

    Args:
        ground: The images, labels and scores.
        name: The model's.
        finding: The finding.
        calibrator: What validation chose for it.
    """
    column = ground.findings.index(finding)
    usable = np.flatnonzero(ground.usable[:, column] & ground.has(name, column))
    if not len(usable):
        return None
    truth, patients = ground.truth[usable, column], ground.resamples.codes[usable]
    before = ground.scores[name][usable, column].astype(np.float64)
    qualities, intervals = {}, Intervals()
    for kind, values in (("before", before), ("after", calibrator(before))):
        found = agreement(truth, values, patients)
        qualities[kind] = _quality(truth, values, found, ground.seed)
        drawn = interval_of(_mean_replicates(ground, usable, (values - truth) ** 2))
        intervals |= {} if drawn is None else {f"brier_{kind}": drawn}
        for measure, limits in found.limits.items():
            intervals |= named_interval(f"{measure}_{kind}", limits)
    return CalibrationResult(method=calibrator.method, **qualities, intervals=intervals)


def _mean_replicates(ground: CommonGround, rows: NDArray[np.intp], values: Values) -> Values:
    codes, patients = ground.resamples.codes[rows], ground.resamples.patients
    sums = np.stack(
        [np.bincount(codes, weights=values, minlength=patients), np.bincount(codes, minlength=patients)]
    )
    total, images = np.concatenate([sums @ times for _, times in ground.resamples.chunks()], axis=1)
    return np.where(images > 0, total / np.maximum(images, 1), np.nan)


def _quality(
    truth: NDArray[np.bool_], probabilities: Values, found: Agreement, seed: int
) -> CalibrationQuality:
    bins, perfect = reliability(truth, probabilities), error_if_perfect(probabilities, seed)
    return CalibrationQuality(
        brier=brier(truth, probabilities),
        log_loss=log_loss(truth, probabilities),
        ece=error_of(bins),
        bins=[ReliabilityBin(**vars(part)) for part in bins],
        ece_if_perfect=perfect.mean,
        ece_if_perfect_high=perfect.high,
        intercept=found.intercept,
        slope=found.slope,
        slope_intercept=found.slope_intercept,
    )
