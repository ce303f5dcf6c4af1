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
    """How good probabilities are: Brier score, log loss, expected calibration error, reliability diagram.

    `ece_if_perfect` is the mean ECE of labels that are drawn from the probabilities themselves, and
    `ece_if_perfect_high` its 97.5th percentile. `intercept` is what the logits lack on average (calibration
    in the large; 0 is best), `slope` and `slope_intercept` are of the logistic regression of the labels on
    the logits (1 and 0 are best); None where the labels do not determine them.
    """

    brier: float
    log_loss: float
    ece: float
    bins: list[ReliabilityBin]
    ece_if_perfect: float | None = None
    ece_if_perfect_high: float | None = None
    intercept: float | None = None
    slope: float | None = None
    slope_intercept: float | None = None


class CalibrationResult(Stored):
    """One finding's probabilities before and after the calibration that validation chose.

    `intervals` are named by a value of either and `_before` or `_after`: `brier_before`, `slope_after`.
    """

    method: str
    before: CalibrationQuality
    after: CalibrationQuality
    intervals: Intervals = Field(default_factory=dict)
