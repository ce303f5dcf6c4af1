"""Results -> the tables of a paper, as data frames with the models side by side."""

from __future__ import annotations

import pandas as pd

from cxrtune.evaluation.results import Interval, Results

UNDEFINED = "undefined"
COLUMNS = frozenset({"finding", "positives", "negatives"})
"""Columns that stand beside those of the models, which therefore have other names."""

_AVERAGES: tuple[str, ...] = ("micro", "macro", "weighted", "samples")


def auroc_table(results: Results) -> pd.DataFrame:
    """One row a finding and the macro average; a column a model, then the counts that were judged."""
    rows = []
    for finding in results.findings:
        counts = max((model.findings[finding] for model in results.models), key=lambda one: one.support)
        row: dict[str, object] = {"finding": finding}
        row |= {model.name: model.findings[finding].auroc for model in results.models}
        rows.append(row | {"positives": counts.support, "negatives": counts.negatives})
    macro: dict[str, object] = {"finding": "macro average"}
    rows.append(macro | {model.name: model.macro_auroc for model in results.models})
    return pd.DataFrame(rows).astype({"positives": "Int64", "negatives": "Int64"})


def classification_table(results: Results) -> pd.DataFrame:
    """One row a finding and an average; precision, recall, F1 and support a model."""
    rows = []
    for finding in results.findings:
        row: dict[str, object] = {"finding": finding}
        for model in results.models:
            found = model.findings[finding]
            row |= _columns(model.name, found.precision, found.recall, found.f1, found.support)
            row[f"{model.name} threshold"] = found.threshold
        rows.append(row)
    for average in _AVERAGES:
        row = {"finding": f"{average} avg"}
        for model in results.models:
            mean = model.averages[average]
            row |= _columns(model.name, mean.precision, mean.recall, mean.f1, mean.support)
        rows.append(row)
    return pd.DataFrame(rows)


def cohort_table(results: Results) -> pd.DataFrame:
    """One row a split; images, patients and the positives a finding."""
    rows = []
    for part in results.cohort:
        row: dict[str, object] = {"split": part.split, "images": part.images, "patients": part.patients}
        rows.append(row | {finding: count.positives for finding, count in part.findings.items()})
    return pd.DataFrame(rows)


def comparison_table(results: Results) -> pd.DataFrame:
    """One row a pair of models and a finding, and the mean: difference of AUROC, how sure, verdict."""
    rows = []
    for pair in results.comparisons:
        for finding, found in (*pair.findings.items(), ("macro average", pair.macro)):
            low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
            corrected = found.interval_holm
            rows.append(
                {
                    "first": pair.first,
                    "second": pair.second,
                    "finding": finding,
                    "difference": found.difference,
                    "low": low,
                    "high": high,
                    "corrected low": None if corrected is None else corrected.low,
                    "corrected high": None if corrected is None else corrected.high,
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


def operating_point_table(results: Results) -> pd.DataFrame:
    """One row a model, rule and finding: the threshold, and what it gives on validation and here."""
    return pd.DataFrame(
        [
            {"model": model.name, "rule": rule, "finding": finding} | point.model_dump(exclude={"intervals"})
            for model in results.models
            for rule, points in model.operating_points.items()
            for finding, point in points.items()
        ]
    )


def calibration_table(results: Results) -> pd.DataFrame:
    """One row a model and finding: the method, and Brier score, log loss and ECE before and after."""
    measures = ("brier", "log_loss", "ece")
    return pd.DataFrame(
        [
            {"model": model.name, "finding": finding, "method": found.method}
            | {f"{m} before": getattr(found.before, m) for m in measures}
            | {f"{m} after": getattr(found.after, m) for m in measures}
            for model in results.models
            for finding, found in model.calibration.items()
        ]
    )


def subgroup_table(results: Results) -> pd.DataFrame:
    """One row a group, model and finding: counts, values, and the gaps to the attribute's largest group."""
    return pd.DataFrame(
        [
            {"attribute": attribute.name, "group": group.name, "model": name, "finding": finding}
            | found.model_dump(include={"positives", "negatives", "auroc", "sensitivity", "specificity"})
            | {f"{measure} gap": gap for measure, gap in found.gaps.items()}
            for attribute in results.attributes
            for group in attribute.groups
            for name, model in group.models.items()
            for finding, found in model.findings.items()
        ]
    )


def localization_table(results: Results) -> pd.DataFrame:
    """One row a model, finding and measure, and the mean: the model, both controls, and the differences."""
    rows = []
    for one in results.localizations:
        for finding, found in (*one.findings.items(), ("macro average", one.macro)):
            for measure, value in found.values.measures.items():
                row: dict[str, object] = {"model": one.model, "finding": finding, "measure": measure}
                row |= _limits(value, found.values.intervals.get(measure))
                for control, values in found.controls.items():
                    difference = found.differences[control][measure]
                    less = _limits(difference.difference, difference.interval)
                    row |= {control: values.measures[measure]}
                    row |= {f"less {control} {key}".removesuffix(" value"): v for key, v in less.items()}
                    row |= {f"p {control}": difference.p_value, f"p Holm {control}": difference.p_holm}
                counts = {"images": found.images, "patients": found.patients, "boxes": found.boxes}
                rows.append(row | counts)
    return pd.DataFrame(rows)


def p_value(value: float) -> str:
    """Write a p-value: three decimals, or that it is smaller; never 0.000."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def as_markdown(table: pd.DataFrame, digits: int = 3) -> str:
    """Write a table as GitHub's Markdown; p-values are in columns whose name begins with `p `."""
    header = [str(column).replace("|", "\\|") for column in table.columns]
    numeric = [pd.api.types.is_numeric_dtype(table[column]) for column in table.columns]
    lines = [_line(header), _line(["---:" if number else "---" for number in numeric])]
    ps = [str(column).startswith("p ") for column in table.columns]
    lines += [
        _line([_cell(value, digits, p) for value, p in zip(row, ps, strict=True)])
        for row in table.itertuples(index=False)
    ]
    return "\n".join(lines) + "\n"


def _columns(
    name: str, precision: float | None, recall: float | None, f1: float | None, support: int
) -> dict[str, object]:
    return {
        f"{name} precision": precision,
        f"{name} recall": recall,
        f"{name} f1": f1,
        f"{name} support": support,
    }


def _limits(value: float | None, interval: Interval | None) -> dict[str, float | None]:
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    return {"value": value, "low": low, "high": high}


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: object, digits: int, is_p: bool) -> str:
    if value is None or value is pd.NA or value != value:
        return UNDEFINED
    if isinstance(value, float):
        return p_value(value) if is_p else f"{value:.{digits}f}"
    return str(value)
