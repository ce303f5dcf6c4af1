"""Results -> tidy data frames: one row per model and finding, with Python identifiers as column names."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cxrtune.evaluation.results import AreaResult, Comparison, FindingResult, ModelResult, StoredResults
from cxrtune.evaluation.settings import MACRO
from cxrtune.evaluation.tables import ends, limits, pair_table

_COUNTS = (
    "positives",
    "negatives",
    "positive_patients",
    "negative_patients",
    "tp",
    "fp",
    "fn",
    "tn",
    "images",
)
_AT_THRESHOLD = (
    "precision",
    "recall",
    "specificity",
    "f1",
    "negative_predictive_value",
    "positive_likelihood_ratio",
    "negative_likelihood_ratio",
)
_AVERAGED = ("precision", "recall", "f1")


def auroc_frame(results: StoredResults) -> pd.DataFrame:
    """Return the areas: `model`, `finding`, `auroc`, `low`, `high`, and the underlying counts."""
    rows: list[dict[str, object]] = []
    for model in results.models:
        for finding, found in model.findings.items():
            low, high = ends(found.intervals.get("auroc"))
            row: dict[str, object] = {"model": model.name, "finding": finding}
            row |= {"auroc": found.auroc, "low": low, "high": high}
            rows.append(row | _judged(found))
        low, high = ends(model.intervals.get("macro_auroc"))
        rows.append(
            {"model": model.name, "finding": MACRO, "auroc": model.macro_auroc, "low": low, "high": high}
        )
    return typed(rows)


def areas_frame(findings: dict[str, dict[str, AreaResult]], macro: dict[str, AreaResult]) -> pd.DataFrame:
    """Return areas of arrays, in those columns of `auroc_frame` that are available."""
    rows: list[dict[str, object]] = []
    for model, of in findings.items():
        for finding, found in (of | {MACRO: macro[model]}).items():
            low, high = ends(found.intervals.get("auroc"))
            row: dict[str, object] = {"model": model, "finding": finding}
            row |= {"auroc": found.auroc, "low": low, "high": high}
            counts = {"positives": found.positives, "negatives": found.negatives}
            rows.append(row if finding == MACRO else row | counts)
    return typed(rows)


def classification_frame(results: StoredResults) -> pd.DataFrame:
    """Return, by model and finding, measures of the decisions at the model's threshold, with intervals."""
    rows: list[dict[str, object]] = []
    for model in results.models:
        for finding, found in model.findings.items():
            row: dict[str, object] = {"model": model.name, "finding": finding, "threshold": found.threshold}
            for measure in _AT_THRESHOLD:
                row |= measured(measure, getattr(found, measure), found)
            counts = {name: getattr(found, name) for name in ("tp", "fp", "fn", "tn")}
            rows.append(row | counts | _judged(found))
    return typed(rows)


def average_frame(results: StoredResults) -> pd.DataFrame:
    """Return, by model and average (micro, macro, weighted, samples), precision, recall and F1."""
    rows: list[dict[str, object]] = []
    for model in results.models:
        for average, found in model.averages.items():
            row: dict[str, object] = {"model": model.name, "average": average}
            for measure in _AVERAGED:
                row |= measured(measure, getattr(found, measure), found)
            rows.append(row | {"findings": found.over})
    return typed(rows)


def comparison_frame(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Return, by pair of models and finding, the difference of AUROC with interval, p-values and verdict."""
    frame = plain_columns(pair_table(comparisons))
    if frame.empty:
        return frame
    return frame.assign(finding=frame["finding"].replace("macro average", MACRO))


def model_named(results: StoredResults, name: str | None) -> ModelResult | None:
    """Return the model with a name, or the first for None; None if there is no such model."""
    if name is None:
        return results.models[0]
    return next((model for model in results.models if model.name == name), None)


def plain_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table for a paper with Python identifiers as columns: `p DeLong` becomes `p_delong`."""
    return frame.rename(columns=lambda name: str(name).replace(" ", "_").lower())


def typed(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Return rows as a table: counts are whole numbers, other numbers floats; missing if not defined."""
    frame = pd.DataFrame(rows)
    counts = [name for name in _COUNTS if name in frame]
    numbers = [name for name in frame if name not in (*_COUNTS, "model", "finding", "average")]
    return frame.astype(dict.fromkeys(numbers, "float64") | dict.fromkeys(counts, "Int64"))


def measured(name: str, value: float | None, found: FindingResult | object) -> dict[str, object]:
    """Return a value and the limits of its interval, as three columns."""
    intervals = getattr(found, "intervals", {})
    return {key.replace(" ", "_"): one for key, one in limits(name, value, intervals.get(name)).items()}


def _judged(found: FindingResult) -> dict[str, object]:
    return {
        "positives": found.support,
        "negatives": found.negatives,
        "positive_patients": found.positive_patients,
        "negative_patients": found.negative_patients,
    }
