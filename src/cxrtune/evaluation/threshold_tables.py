"""Results -> the tables of thresholds, curves and calibrated probabilities, as data frames."""

from __future__ import annotations

import pandas as pd

from cxrtune.evaluation.results import StoredResults
from cxrtune.evaluation.tables import limits

_ERRORS = ("log_loss", "ece", "ece_if_perfect", "ece_if_perfect_high")
_COEFFICIENTS = ("intercept", "slope", "slope_intercept")


def operating_point_table(results: StoredResults) -> pd.DataFrame:
    """One row a model, rule and finding: the threshold, and what it gives on validation and here."""
    rows = []
    for model in results.models:
        for rule, points in model.operating_points.items():
            for finding, point in points.items():
                row: dict[str, object] = {"model": model.name, "rule": rule, "finding": finding}
                row |= {"threshold": point.threshold}
                for measure in ("sensitivity", "specificity"):
                    row |= {f"validation_{measure}": getattr(point, f"validation_{measure}")}
                    row |= limits(measure, getattr(point, measure), point.intervals.get(measure))
                counts = {"positives": point.positives, "positive patients": point.positive_patients}
                rows.append(row | counts | {"negatives": point.negatives})
    return pd.DataFrame(rows)


def curve_table(results: StoredResults) -> pd.DataFrame:
    """One row a model and finding: sensitivity at fixed specificity, the reverse, and partial areas."""
    rows = []
    for model in results.models:
        for finding, found in model.curves.items():
            row: dict[str, object] = {"model": model.name, "finding": finding}
            for side, points in (
                ("sensitivity", found.sensitivity_at),
                ("specificity", found.specificity_at),
            ):
                for held, value in points.items():
                    name = f"{side}_at_{held}"
                    row |= limits(name.replace("_", " "), value, found.intervals.get(name))
            for side, value in found.partial_auroc.items():
                interval = found.intervals.get(f"partial_{side}")
                row |= limits(f"partial AUROC {side}", value, interval)
            judged = model.findings[finding]
            counts = {"positives": judged.support, "positive patients": judged.positive_patients}
            rows.append(row | counts | {"negatives": judged.negatives})
    return pd.DataFrame(rows)


def prevalence_table(results: StoredResults) -> pd.DataFrame:
    """One row a model and finding with a stated prevalence: what calls mean there."""
    rows = []
    for model in results.models:
        for finding, found in model.prevalence.items():
            row: dict[str, object] = {"model": model.name, "finding": finding}
            row |= {"stated": found.prevalence, "observed": found.observed}
            for measure in ("positive_predictive_value", "negative_predictive_value"):
                value, interval = getattr(found, measure), found.intervals.get(measure)
                row |= limits(measure.replace("_", " "), value, interval)
            judged = model.findings[finding]
            counts = {"positives": judged.support, "positive patients": judged.positive_patients}
            rows.append(row | {"odds factor": found.odds_factor} | counts)
    return pd.DataFrame(rows)


def calibration_table(results: StoredResults) -> pd.DataFrame:
    """One row a model and finding: how good its probabilities are before and after calibration."""
    rows = []
    for model in results.models:
        for finding, found in model.calibration.items():
            row: dict[str, object] = {"model": model.name, "finding": finding, "method": found.method}
            for kind, quality in (("before", found.before), ("after", found.after)):
                row |= limits(f"brier {kind}", quality.brier, found.intervals.get(f"brier_{kind}"))
                row |= {f"{measure} {kind}": getattr(quality, measure) for measure in _ERRORS}
                for measure in _COEFFICIENTS:
                    interval = found.intervals.get(f"{measure}_{kind}")
                    row |= limits(f"{measure} {kind}", getattr(quality, measure), interval)
            judged = model.findings[finding]
            rows.append(row | {"positives": judged.support, "positive patients": judged.positive_patients})
    return pd.DataFrame(rows)
