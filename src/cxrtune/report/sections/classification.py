"""Classification reports of all models in one table, confusion matrices, and thresholds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cxrtune.evaluation.results import FindingResult, ModelResult, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.judged import (
    NOT_GIVEN,
    part_named,
    why_no_average,
    why_no_specificity,
    why_not_at_threshold,
)
from cxrtune.report.lineage import chosen_sentence
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, score, threshold
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, estimate, number

_REMARKS = (
    "With 95 % intervals. Predictive values hold for the share of positives among the images judged here, "
    "and for no other; likelihood ratios are free of it: they are what the odds of the finding are "
    "multiplied by, LR+ after a positive call, LR\N{MINUS SIGN} after a negative one.",
)
_AVERAGES = ("micro", "macro", "weighted", "samples")


def cross_tables(results: StoredResults) -> tuple[Table, ...]:
    """Return one table for each model with thresholds."""
    models = [m for m in results.models if any(found.tp is not None for found in m.findings.values())]
    return tuple(
        _table(results, model, index, is_last=model is models[-1])
        for index, model in enumerate(models, start=1)
    )


def _table(results: StoredResults, model: ModelResult, index: int, *, is_last: bool) -> Table:
    return Table(
        anchor=f"table-crossed-{index}",
        caption=f"Cross-tables and what calls mean: {model.name}, {part_named(results.split)}.",
        corner="Finding",
        groups=(
            ColumnGroup("Present", 2),
            ColumnGroup("Absent", 2),
            ColumnGroup("Predictive value", 2),
            ColumnGroup("Likelihood ratio", 2),
        ),
        columns=(
            Column("Called", starts_group=True),
            Column("Not called"),
            Column("Called", starts_group=True),
            Column("Not called"),
            Column("Positive", starts_group=True),
            Column("Negative"),
            Column("LR+", starts_group=True),
            Column("LR\N{MINUS SIGN}"),
        ),
        bodies=(tuple(Row(spoken(finding), _cells(found)) for finding, found in model.findings.items()),),
        remarks=_REMARKS if is_last else (),
    )


def _cells(found: FindingResult) -> tuple[Cell, ...]:
    why_not = why_not_at_threshold(found)
    counts = [getattr(found, kind) for kind in ("tp", "fn", "fp", "tn")]
    cells = [Cell(DASH, why_not) if number is None else Cell(count(number)) for number in counts]
    cells += [
        estimate(getattr(found, name), found.intervals.get(name), score, why_not)
        for name in ("precision", "negative_predictive_value")
    ]
    cells += [_ratio(found, "positive_likelihood_ratio"), _ratio(found, "negative_likelihood_ratio")]
    return tuple(cells)


def _ratio(found: FindingResult, name: str) -> Cell:
    value, interval = getattr(found, name), found.intervals.get(name)
    if value is None:
        return Cell(DASH, _why_no_ratio(found, name))
    aside = None if interval is None else f"{_digits(interval.low)} to {_digits(interval.high)}"
    return Cell(_digits(value), aside=aside)


def _digits(value: float) -> str:
    if value < 0.1:
        return f"{value:.3f}"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _why_no_ratio(found: FindingResult, name: str) -> str:
    if found.tp is None or not found.support or not found.negatives:
        return why_not_at_threshold(found)
    if name == "positive_likelihood_ratio":
        return "undefined: no negative is called"
    return "undefined: every negative is called"


@dataclass(frozen=True)
class ClassificationView:
    """The reports, one confusion matrix per model, the thresholds, and each model's rule for them."""

    reports: Table
    crossed: tuple[Table, ...]
    thresholds: Table
    rules: tuple[tuple[str, str], ...]


def classification_view(material: Material) -> ClassificationView:
    """Return the models' classification reports side by side."""
    results = material.results
    return ClassificationView(
        reports=_reports(results),
        crossed=cross_tables(results),
        thresholds=_thresholds(results),
        rules=tuple((model.name, _rule(material, model)) for model in results.models),
    )


def _rule(material: Material, model: ModelResult) -> str:
    if model.chosen is None or model.chosen.thresholds == "none":
        return model.threshold_rule
    return f"{model.threshold_rule}. {chosen_sentence(material, model, model.chosen.thresholds)}"


def _reports(results: StoredResults) -> Table:
    names = ("Precision", "Recall", "F1", "Support", "Patients")
    return Table(
        anchor="table-classification",
        caption=f"Precision, recall, F1 and support at each model's thresholds, {part_named(results.split)}.",
        corner="Finding",
        groups=tuple(ColumnGroup(model.name, len(names)) for model in results.models),
        columns=tuple(Column(name, starts_group=name == names[0]) for _ in results.models for name in names),
        bodies=(
            tuple(_finding_row(results, finding) for finding in results.findings),
            tuple(_average_row(results, average) for average in _AVERAGES),
        ),
        remarks=(
            "Support: positive labels a model was judged on; an image may have several. Patients: those "
            "with a positive image. Micro pools all calls; macro is the plain mean over findings; weighted "
            "is the mean weighted by support. With 95 % intervals; micro, weighted and samples have none.",
            "Samples is a mean over images, and not over the same ones: precision over the images with a "
            "call, recall over those with a finding, F1 over those with either. An image without a finding "
            "that is rightly left alone counts in none.",
        ),
    )


def _finding_row(results: StoredResults, finding: str) -> Row:
    cells = [cell for model in results.models for cell in _report_cells(model.findings.get(finding))]
    return Row(spoken(finding), tuple(cells))


def _report_cells(result: FindingResult | None) -> tuple[Cell, ...]:
    if result is None:
        return (Cell(DASH, NOT_GIVEN),) * 3 + (Cell(count(0)),) * 2
    why_not = why_not_at_threshold(result)
    scores = (
        estimate(getattr(result, name), result.intervals.get(name), score, why_not)
        for name in ("precision", "recall", "f1")
    )
    return (*scores, Cell(count(result.support)), Cell(count(result.positive_patients)))


def _average_row(results: StoredResults, average: str) -> Row:
    cells = [cell for model in results.models for cell in _average_cells(results, model, average)]
    return Row(f"{average.capitalize()} average", tuple(cells))


def _average_cells(results: StoredResults, model: ModelResult, average: str) -> tuple[Cell, ...]:
    result = model.averages.get(average)
    if result is None:
        return (Cell(DASH, NOT_GIVEN),) * 4 + (Cell(""),)
    why_not = why_no_average(result)
    precision, recall, f1 = (
        estimate(getattr(result, name), result.intervals.get(name), score, why_not)
        for name in ("precision", "recall", "f1")
    )
    if average != "micro":
        over = {**result.over_each, "f1": result.over}
        precision, recall, f1 = (
            cell if cell.note else replace(cell, note=_incomplete(results, model, average, name, over))
            for name, cell in (("precision", precision), ("recall", recall), ("f1", f1))
        )
    return precision, recall, f1, Cell(count(result.support)), Cell("")


def _incomplete(
    results: StoredResults, model: ModelResult, average: str, measure: str, over: dict[str, int]
) -> str | None:
    whole, noun = (model.images, "images") if average == "samples" else (len(results.findings), "findings")
    defined = over.get(measure, whole)
    name = {"f1": "F1"}.get(measure, measure.capitalize())
    return f"{name} is defined for {count(defined)} of {count(whole)} {noun}" if defined < whole else None


def _thresholds(results: StoredResults) -> Table:
    names = ("Threshold", "Sensitivity", "Specificity", "Called")
    return Table(
        anchor="table-thresholds",
        caption=f"The thresholds, and what each gives on {part_named(results.split)}.",
        corner="Finding",
        groups=tuple(ColumnGroup(model.name, len(names)) for model in results.models),
        columns=tuple(Column(name, starts_group=name == names[0]) for _ in results.models for name in names),
        bodies=(tuple(_threshold_row(results, finding) for finding in results.findings),),
        remarks=(
            "A score at or above the threshold is a positive call. Called: the images that got one. "
            "With 95 % intervals.",
        ),
    )


def _threshold_row(results: StoredResults, finding: str) -> Row:
    cells = [cell for model in results.models for cell in _threshold_cells(model.findings.get(finding))]
    return Row(spoken(finding), tuple(cells))


def _threshold_cells(result: FindingResult | None) -> tuple[Cell, ...]:
    if result is None:
        return (Cell(DASH, NOT_GIVEN),) * 4
    why_not = why_not_at_threshold(result)
    return (
        number(result.threshold, threshold, why_not),
        estimate(result.recall, result.intervals.get("recall"), score, why_not),
        estimate(result.specificity, result.intervals.get("specificity"), score, why_no_specificity(result)),
        Cell(count(result.called)),
    )
