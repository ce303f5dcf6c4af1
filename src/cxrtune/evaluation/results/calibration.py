"""How good probabilities are, before and after calibration."""

from __future__ import annotations

from pydantic import Field

from cxrtune.evaluation.results.record import Intervals, Stored


class ReliabilityBin(Stored):
    """Images of like probability: what was predicted, and how many had the finding (95 % Wilson interval)."""

    predicted: float
    observed: float
    low: float
    high: float
    images: int


class CalibrationQuality(Stored):
    """How good probabilities are: Brier score, log loss, expected calibration error, reliability diagram."""

    brier: float
    log_loss: float
    ece: float
    bins: list[ReliabilityBin]


class CalibrationResult(Stored):
    """One finding's probabilities before and after the calibration that validation chose."""

    method: str
    before: CalibrationQuality
    after: CalibrationQuality
    intervals: Intervals = Field(default_factory=dict)
