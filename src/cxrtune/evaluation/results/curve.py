"""What is read off the curves of one model and finding on the evaluated images."""

from __future__ import annotations

from pydantic import Field

from cxrtune.evaluation.results.record import Interval, Intervals, Stored


class CurveResult(Stored):
    """Points of the ROC curve of the evaluated images, and partial areas under it.

    `sensitivity_at` is by the specificity that is held, `specificity_at` by the sensitivity. `partial_auroc`
    is the area where the specificity, or the sensitivity, is at least 0.90, standardized (McClish, Medical
    Decision Making 1989): 0.5 is chance, 1 is perfect. `intervals` are named `sensitivity_at_0.80` and so on,
    and `partial_specificity`, `partial_sensitivity`.
    """

    sensitivity_at: dict[str, float]
    specificity_at: dict[str, float]
    partial_auroc: dict[str, float]
    intervals: Intervals = Field(default_factory=dict)


class NetBenefitPoint(Stored):
    """The net benefit per image of calling at a threshold of calibrated probability, and of two defaults.

    Net benefit is true positives less false positives, these weighted by the odds of the threshold, per image
    (Vickers and Elkin, Medical Decision Making 2006). To call nobody has 0; `treat_all` is that of calling
    everybody. `gain` is net benefit less that of the better default.
    """

    threshold: float
    called: int
    net_benefit: float
    treat_all: float
    gain: float
    interval: Interval | None
    treat_all_interval: Interval | None
    gain_interval: Interval | None
