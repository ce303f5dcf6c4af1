"""What calls mean where a finding has another, stated prevalence."""

from __future__ import annotations

import numpy as np

from cxrtune.evaluation.calibration.calibrator import Calibrator, logit
from cxrtune.evaluation.common_ground import named_interval
from cxrtune.evaluation.finding_result import JudgedFinding
from cxrtune.evaluation.results import Intervals, StatedPrevalence


def at_prevalence(judged: JudgedFinding, stated: float, calibrator: Calibrator | None) -> StatedPrevalence:
    """Return the predictive values with their intervals, and what the odds are multiplied by.

    Args:
        judged: The finding, at the model's threshold.
        stated: The prevalence, in (0, 1).
        calibrator: The finding's; None if it is not calibrated.
    """
    result, ratios = judged.result, judged.ratios
    whole = result.support + result.negatives
    factor = None
    if calibrator is not None:
        factor = float(np.exp(logit(np.array(stated)) - logit(np.array(calibrator.prevalence))))
    positive = negative = None
    intervals: Intervals = {}
    if result.recall is not None and result.specificity is not None:
        right, false = stated * result.recall, (1 - stated) * (1 - result.specificity)
        absent, overlooked = (1 - stated) * result.specificity, stated * (1 - result.recall)
        positive = right / (right + false) if right + false else None
        negative = absent / (absent + overlooked) if absent + overlooked else None
    if ratios is not None:
        names = ("positive_predictive_value", "negative_predictive_value")
        for name, value, limits in zip(
            names, (positive, negative), ratios.predictive_values(stated), strict=True
        ):
            intervals |= {} if value is None else named_interval(name, limits)
    return StatedPrevalence(
        prevalence=stated,
        observed=result.support / whole if whole else 0.0,
        positive_predictive_value=positive,
        negative_predictive_value=negative,
        odds_factor=factor,
        intervals=intervals,
    )
