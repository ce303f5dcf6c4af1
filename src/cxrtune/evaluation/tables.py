"""Convert results to the tables of a paper: data frames with the models side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cxrtune.evaluation.results import Comparison, FindingResult, Interval, StoredResults

_COUNTS = ("positives", "negatives", "positive patients", "negative patients")

COLUMNS = frozenset({"finding", *_COUNTS})
"""Columns next to those of the models, which therefore must have other names."""

_WHOLE = (" support", " positive patients", " tp", " fp", " fn", " tn")
_IN_GROUPS = ("auroc", "sensitivity", "specificity")
_AT_THRESHOLD = (
    "precision",
    "recall",
    "f1",
    "specificity",
    "negative_predictive_value",
    "positive_likelihood_ratio",
    "negative_likelihood_ratio",
)

_ERRORS = ("log_loss", "ece", "ece_if_perfect", "ece_if_perfect_high")
_COEFFICIENTS = ("intercept", "slope", "slope_intercept")

_AVERAGES: tuple[str, ...] = ("micro", "macro", "weighted", "samples")


def auroc_table(results: StoredResults) -> pd.DataFrame:
    """Return one row per finding and the macro average: each model's AUROC and interval, then the counts."""
    rows = []
    for finding in results.findings:
        counts = max((model.findings[finding] for model in results.models), key=lambda one: one.support)
        row: dict[str, object] = {"finding": finding}
        for model in results.models:
            found = model.findings[finding]
            row |= limits(model.name, found.auroc, found.intervals.get("auroc"))
        row |= {"positives": counts.support, "negatives": counts.negatives}
        patients = {
            "positive patients": counts.positive_patients,
            "negative patients": counts.negative_patients,
        }
        rows.append(row | patients)
    macro: dict[str, object] = {"finding": "macro average"}
    for model in results.models:
        macro |= limits(model.name, model.macro_auroc, model.intervals.get("macro_auroc"))
    rows.append(macro)
    return pd.DataFrame(rows).astype(dict.fromkeys(_COUNTS, "Int64"))


def classification_table(results: StoredResults) -> pd.DataFrame:
    """Return one row per finding and average: measures of each model's decisions at its threshold."""
    rows = []
    for finding in results.findings:
        row: dict[str, object] = {"finding": finding}
        for model in results.models:
            row |= _classified(model.name, model.findings[finding])
        rows.append(row)
    for average in _AVERAGES:
        row = {"finding": f"{average} avg"}
        for model in results.models:
            mean = model.averages[average]
            for measure in ("precision", "recall", "f1"):
                value, interval = getattr(mean, measure), mean.intervals.get(measure)
                row |= limits(f"{model.name} {measure}", value, interval)
            row[f"{model.name} support"] = mean.support
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.astype({name: "Int64" for name in table if str(name).endswith(_WHOLE)})


def cohort_table(results: StoredResults) -> pd.DataFrame:
    """Return one row per split: images and patients, and by finding the positive images and patients."""
    rows = []
    for part in results.cohort:
        row: dict[str, object] = {"split": part.split, "images": part.images, "patients": part.patients}
        for finding, counted in part.findings.items():
            row |= {finding: counted.positives, f"{finding} patients": counted.positive_patients}
        rows.append(row)
    return pd.DataFrame(rows)


def comparison_table(results: StoredResults) -> pd.DataFrame:
    """Return one row per pair of models and finding, and the mean: AUROC difference, tests and verdict."""
    return pair_table(results.comparisons)


def pair_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Return the same as `comparison_table` for comparisons from any source."""
    rows = []
    for pair in comparisons:
        for finding, found in (*pair.findings.items(), ("macro average", pair.macro)):
            low, high = ends(found.interval)
            corrected_low, corrected_high = ends(found.interval_holm)
            rows.append(
                {
                    "first": pair.first,
                    "second": pair.second,
                    "finding": finding,
                    "difference": found.difference,
                    "low": low,
                    "high": high,
                    "corrected low": corrected_low,
                    "corrected high": corrected_high,
                    "p DeLong": found.p_delong,
                    "p patients": found.p_patients,
                    "p Holm": found.p_holm,
                    "verdict": found.verdict,
                    "images": found.images,
                    "patients": found.patients,
                    "positives": found.positives,
                    "positive patients": found.positive_patients,
                    "negative patients": found.negative_patients,
                }
            )
    return pd.DataFrame(rows)


def paired_call_table(results: StoredResults) -> pd.DataFrame:
    """Return one row per pair of models, measure and finding: difference at the thresholds, and verdict."""
    rows = []
    for pair in results.call_comparisons:
        for measure, findings in (("sensitivity", pair.sensitivity), ("specificity", pair.specificity)):
            for finding, found in findings.items():
                row: dict[str, object] = {"first": pair.first, "second": pair.second}
                row |= {"measure": measure, "finding": finding}
                row |= limits("difference", found.difference, found.interval)
                corrected = ends(found.interval_holm)
                rows.append(
                    row
                    | {
                        "corrected low": corrected[0],
                        "corrected high": corrected[1],
                        "p patients": found.p_patients,
                        "p Holm": found.p_holm,
                        "verdict": found.verdict,
                        "images": found.images,
                        "patients": found.patients,
                        "first only": found.first_only,
                        "second only": found.second_only,
                    }
                )
    return pd.DataFrame(rows)


def subgroup_table(results: StoredResults) -> pd.DataFrame:
    """Return one row per group, model and finding: counts, values, and gaps to the largest group."""
    rows = []
    for attribute in results.attributes:
        for group in attribute.groups:
            for name, model in group.models.items():
                for finding, found in model.findings.items():
                    row: dict[str, object] = {"attribute": attribute.name, "group": group.name}
                    row |= {"model": name, "finding": finding}
                    # Patients are included if the results contain their counts.
                    row |= found.model_dump(include={"positives", "negatives", "positive_patients"})
                    for measure in _IN_GROUPS:
                        row |= limits(measure, getattr(found, measure), found.intervals.get(measure))
                    for measure in _IN_GROUPS:
                        gap = found.gaps.get(measure)
                        row |= limits(f"{measure} gap", gap, found.gap_intervals.get(measure))
                    rows.append(row)
    return pd.DataFrame(rows)


def operating_point_table(results: StoredResults) -> pd.DataFrame:
    """Return one row per model, rule and finding: the threshold, and its results on validation and test."""
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
    """Return one row per model and finding: values at fixed specificity or sensitivity, and partial areas."""
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
    """Return one row per model and finding with a stated prevalence: predictive values at that prevalence."""
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
    """Return one row per model and finding: calibration measures before and after calibration."""
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


def localization_table(results: StoredResults) -> pd.DataFrame:
    """Return one row per model, finding and measure, and the mean: model, both controls and differences."""
    rows = []
    for one in results.localizations:
        for finding, found in (*one.findings.items(), ("macro average", one.macro)):
            for measure, value in found.values.measures.items():
                row: dict[str, object] = {"model": one.model, "finding": finding, "measure": measure}
                low, high = ends(found.values.intervals.get(measure))
                row |= {"value": value, "low": low, "high": high}
                for control, values in found.controls.items():
                    difference = found.differences[control][measure]
                    row |= limits(control, values.measures[measure], values.intervals.get(measure))
                    row |= limits(f"less {control}", difference.difference, difference.interval)
                    row |= {f"p {control}": difference.p_value, f"p Holm {control}": difference.p_holm}
                counts = {"images": found.images, "patients": found.patients, "boxes": found.boxes}
                rows.append(row | counts)
    return pd.DataFrame(rows)


def limits(name: str, value: float | None, interval: Interval | None) -> dict[str, float | None]:
    """Return three columns: the value, and the limits of its interval."""
    low, high = ends(interval)
    return {name: value, f"{name} low": low, f"{name} high": high}


def ends(interval: Interval | None) -> tuple[float | None, float | None]:
    """Return the limits of an interval, or two times None."""
    return (None, None) if interval is None else (interval.low, interval.high)


def _classified(name: str, found: FindingResult) -> dict[str, object]:
    row: dict[str, object] = {}
    for measure in _AT_THRESHOLD:
        value, interval = getattr(found, measure), found.intervals.get(measure)
        row |= limits(f"{name} {measure.replace('_', ' ')}", value, interval)
    counts = {"support": found.support, "positive patients": found.positive_patients}
    counts |= {kind: getattr(found, kind) for kind in ("tp", "fp", "fn", "tn")}
    row |= {f"{name} {kind}": value for kind, value in counts.items()}
    return row | {f"{name} threshold": found.threshold}
