"""Results at each rule's threshold, and their difference from validation."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import ModelResult, OperatingPointResult, StatedPrevalence
from cxrtune.evaluation.thresholds import NAMES
from cxrtune.findings import spoken
from cxrtune.report.lineage import chosen_sentence
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, score, signed, threshold
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, estimate, number

_NONE = "undefined: no threshold, or no positives or no negatives here"
_RULE = (
    "Which rule, and which threshold, a use needs follows from what a missed and a false call cost; "
    "Youden's J weighs both alike, and no guideline asks for it."
)
_DRIFT = (
    "Neither drift nor the values when chosen have an interval: where few of the images that chose were "
    "positive, drift is mostly noise."
)
_NO_CASES = "undefined: no positives or no negatives here"


@dataclass(frozen=True)
class OperatingPointsView:
    """The basis of the thresholds, one table per rule of the first model, and predictive values by model."""

    model: str
    chosen: tuple[str, ...]
    rules: tuple[Table, ...]
    prevalence: tuple[Table, ...]


def operating_points_view(material: Material) -> OperatingPointsView | None:
    """Return the first model's thresholds and all predictive values; None if both are missing."""
    models = material.results.models
    prevalence = tuple(
        _prevalence(model, index) for index, model in enumerate(models, start=1) if model.prevalence
    )
    has_rules = bool(models) and any(models[0].operating_points.values())
    if not has_rules and not prevalence:
        return None
    model = models[0]
    rules = tuple(_rule(model, rule) for rule, points in model.operating_points.items() if points)
    return OperatingPointsView(
        model=model.name,
        chosen=(*_chosen(material, model), _DRIFT, _RULE) if has_rules else (),
        rules=rules,
        prevalence=prevalence,
    )


def _chosen(material: Material, model: ModelResult) -> tuple[str, ...]:
    source = "none" if model.chosen is None else model.chosen.operating_points
    return (f"Thresholds of {model.name}: {_uncapital(chosen_sentence(material, model, source))}",)


def _uncapital(text: str) -> str:
    return text[:1].lower() + text[1:]


def _rule(model: ModelResult, rule: str) -> Table:
    return Table(
        anchor=f"table-rule-{rule}",
        caption=f"{_capital(NAMES.get(rule, rule))}: {model.name}.",
        corner="Finding",
        groups=tuple(
            ColumnGroup(text, span)
            for text, span in (("With it", 2), ("", 1), ("Sensitivity", 3), ("Specificity", 3))
        ),
        columns=(
            Column("Images"), Column("Patients"),
            Column("Threshold"),
            Column("When chosen", starts_group=True), Column("Here"), Column("Drift"),
            Column("When chosen", starts_group=True), Column("Here"), Column("Drift"),
        ),
        bodies=(tuple(Row(spoken(f), _cells(point)) for f, point in model.operating_points[rule].items()),),
        remarks=("Drift: what it is here less what it was on the images that chose it.",),
    )  # fmt: skip


def _counted(number_of: int | None) -> Cell:
    return Cell(DASH, "not recorded") if number_of is None else Cell(count(number_of))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _cells(point: OperatingPointResult) -> tuple[Cell, ...]:
    cells = [_counted(point.positives), _counted(point.positive_patients), Cell(threshold(point.threshold))]
    for name, then, now in (
        ("sensitivity", point.validation_sensitivity, point.sensitivity),
        ("specificity", point.validation_specificity, point.specificity),
    ):
        drift = None if now is None else now - then
        cells += [
            Cell(score(then)),
            estimate(now, point.intervals.get(name), score, _NO_CASES),
            number(drift, signed, _NO_CASES),
        ]
    return tuple(cells)


def _prevalence(model: ModelResult, index: int) -> Table:
    columns = (
        "Stated",
        "Observed here",
        "Positive predictive value",
        "Negative predictive value",
        "Odds times",
    )
    return Table(
        anchor=f"table-prevalence-{index}",
        caption=f"What calls mean at the stated prevalence: {model.name}.",
        corner="Finding",
        columns=tuple(Column(name) for name in columns),
        bodies=(tuple(Row(spoken(f), _stated(found)) for f, found in model.prevalence.items()),),
        remarks=(
            "Predictive values by Bayes' rule from the sensitivity and specificity at the model's "
            "threshold, with 95 % intervals in which the stated prevalence itself is taken as known. The "
            "odds of a calibrated probability are to be multiplied by the last column.",
        ),
    )


def _stated(found: StatedPrevalence) -> tuple[Cell, ...]:
    return (
        Cell(f"{100 * found.prevalence:.1f} %"),
        Cell(f"{100 * found.observed:.1f} %"),
        *(
            estimate(getattr(found, name), found.intervals.get(name), score, _NONE)
            for name in ("positive_predictive_value", "negative_predictive_value")
        ),
        number(found.odds_factor, lambda factor: f"{factor:.2f}", "not calibrated"),
    )
