"""Calibration of the probabilities, before and after fitting."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from cxrtune.evaluation.results import (
    CalibrationQuality,
    CalibrationResult,
    Interval,
    ModelResult,
    StoredResults,
)
from cxrtune.findings import spoken
from cxrtune.report.judged import judged_images, judged_patients
from cxrtune.report.lineage import chosen_sentence
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, counted, listed, score, signed, signed_span, span
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, estimate, number

_NO_SLOPE = "undefined: no positives, no negatives, or all of one score above all of the other"
_REMARKS = (
    "With 95 % intervals that take patients as drawn. Intercept (calibration in the large, slope held at "
    "1): 0 is best; above 0 probabilities are too low on average, below 0 too high. Slope of the logits: 1 "
    "is best; below 1 probabilities are too extreme, above 1 not extreme enough.",
)
_ROSE = 0.00005
"""Half a unit of the last printed decimal."""


def coefficient_table(model: ModelResult, index: int, *, is_last: bool) -> Table:
    """Return the intercept and slope of each finding before and after calibration."""
    return Table(
        anchor=f"table-calibration-slope-{index}",
        caption=f"Calibration intercept and slope of {model.name}.",
        corner="Finding",
        groups=(ColumnGroup("With it", 2), ColumnGroup("Intercept", 2), ColumnGroup("Slope", 2)),
        columns=(
            Column("Images", starts_group=True),
            Column("Patients"),
            *(Column(name, starts_group=name == "Before") for _ in range(2) for name in ("Before", "After")),
        ),
        bodies=(
            tuple(
                Row(spoken(finding), _coefficient_cells(model, finding, found))
                for finding, found in model.calibration.items()
            ),
        ),
        remarks=_REMARKS if is_last else (),
    )


def _coefficient_cells(model: ModelResult, finding: str, found: CalibrationResult) -> tuple[Cell, ...]:
    judged = model.findings[finding]
    cells = [Cell(f"{judged.support:,}"), Cell(f"{judged.positive_patients:,}")]
    qualities = (("before", found.before), ("after", found.after))
    for kind, quality in qualities:
        cell = number(quality.intercept, signed, _NO_SLOPE)
        interval = found.intervals.get(f"intercept_{kind}")
        aside = None if interval is None else signed_span(interval)
        cells.append(cell if quality.intercept is None else Cell(cell.text, aside=aside))
    cells += [
        estimate(quality.slope, found.intervals.get(f"slope_{kind}"), score, _NO_SLOPE)
        for kind, quality in qualities
    ]
    return tuple(cells)


def still_off(model: ModelResult) -> str:
    """Return the findings whose calibrated probabilities differ from observed frequencies beyond chance."""
    errors, levels, slopes = [], [], []
    for finding, found in model.calibration.items():
        name, after = spoken(finding), found.after
        if after.ece_if_perfect_high is not None and after.ece > after.ece_if_perfect_high:
            errors.append(f"{name} ({score(after.ece)} against {score(after.ece_if_perfect_high)})")
        level = found.intervals.get("intercept_after")
        if after.intercept is not None and level is not None and _leaves_out(level, 0):
            side = "low" if after.intercept > 0 else "high"
            levels.append(f"{name}, too {side} ({signed(after.intercept)}, {signed_span(level)})")
        slope = found.intervals.get("slope_after")
        if after.slope is not None and slope is not None and _leaves_out(slope, 1):
            side = "too extreme" if after.slope < 1 else "not extreme enough"
            slopes.append(f"{name}, {side} ({score(after.slope)}, {span(slope)})")
    said = (
        ("calibration error above the 97.5th percentile of a perfect model", errors),
        ("interval of the intercept without 0", levels),
        ("interval of the slope without 1", slopes),
    )
    told = "; ".join(f"{what}: {listed(named)}" for what, named in said if named)
    if not told:
        return ""
    return (
        f"After calibration, probabilities of {model.name} still disagree with the images judged. "
        f"{told[0].upper()}{told[1:]}. This is not corrected for the number of findings."
    )


def _leaves_out(interval: Interval, value: float) -> bool:
    return not interval.low <= value <= interval.high


@dataclass(frozen=True)
class CalibrationView:
    """Reliability diagrams of the first model, findings without one, and tables of all models.

    `harmed` lists, for each model, findings that calibration made worse; `off` those whose calibrated
    probabilities are still off; `bars` explains what the bars omit.
    """

    model: str
    figure: Markup | None
    without: str
    harmed: tuple[str, ...]
    off: tuple[str, ...]
    bars: str
    tables: tuple[Table, ...]


def calibration_view(material: Material) -> CalibrationView | None:
    """Return the view; None if no model has a calibration."""
    models = [model for model in material.results.models if model.calibration]
    if not models:
        return None
    first = models[0]
    lacking = [spoken(f) for f in material.results.findings if f not in first.calibration]
    return CalibrationView(
        model=first.name,
        figure=material.figures.reliability,
        without=listed(lacking),
        harmed=tuple(_harmed(model) for model in models),
        off=tuple(still_off(model) for model in models),
        bars=_bars(material.results),
        tables=tuple(
            table
            for index, model in enumerate(models, start=1)
            for table in (
                _errors(material, model, index),
                coefficient_table(model, index, is_last=model is models[-1]),
            )
        ),
    )


def _harmed(model: ModelResult) -> str:
    """Return the findings whose Brier score or calibration error increased, with both values."""
    named = []
    for finding, found in model.calibration.items():
        pairs = (
            ("Brier score", found.before.brier, found.after.brier),
            ("ECE", found.before.ece, found.after.ece),
        )
        rose = [
            f"{name} {before:.4f} to {after:.4f}" for name, before, after in pairs if after - before > _ROSE
        ]
        named += [f"{spoken(finding)} ({', '.join(rose)})"] if rose else []
    if not named:
        return ""
    return f"Calibration of {model.name} made these worse on the images judged: {listed(named)}."


def _bars(results: StoredResults) -> str:
    if judged_images(results) <= judged_patients(results):
        return ""
    return (
        f" They take images as independent, but the {count(judged_images(results))} images are of "
        f"{counted(judged_patients(results), 'patient')}: they are too short."
    )


def _errors(material: Material, model: ModelResult, index: int) -> Table:
    pairs = ("Before", "After")
    return Table(
        anchor=f"table-calibration-{index}",
        caption=f"Calibration of {model.name}. {_fitted(material, model)}",
        corner="Finding",
        groups=(
            ColumnGroup("", 1),
            ColumnGroup("Brier score", 2),
            ColumnGroup("Log loss", 2),
            ColumnGroup("ECE", 2),
            ColumnGroup("ECE if perfect", 2),
        ),
        columns=(
            Column("Method"),
            *(Column(name, starts_group=name == "Before") for _ in range(4) for name in pairs),
        ),
        bodies=(tuple(Row(spoken(f), _cells(found)) for f, found in model.calibration.items()),),
        remarks=(
            "Lower is better. Brier: mean squared error, with its 95 % interval. ECE: expected calibration "
            "error over ten bins of equal mass. ECE if perfect: what a model without any error would show "
            "on so many images, on average and, after \N{LESS-THAN OR EQUAL TO}, in 97.5 % of samples; "
            "images count as independent.",
        ),
    )


def _fitted(material: Material, model: ModelResult) -> str:
    source = "none" if model.chosen is None else model.chosen.calibration
    by = " Of each finding the method with the lowest log loss in cross-validation by patient was taken."
    return chosen_sentence(material, model, source) + (by if source == "validation" else "")


def _cells(found: CalibrationResult) -> tuple[Cell, ...]:
    both = (found.before, found.after)
    cells = [Cell(found.method)]
    for kind, quality in zip(("before", "after"), both, strict=True):
        interval = found.intervals.get(f"brier_{kind}")
        cells.append(Cell(score(quality.brier), aside=None if interval is None else span(interval)))
    cells += [Cell(score(quality.log_loss)) for quality in both]
    cells += [Cell(score(quality.ece)) for quality in both]
    return (*cells, *(_perfect(quality) for quality in both))


def _perfect(quality: CalibrationQuality) -> Cell:
    if quality.ece_if_perfect is None or quality.ece_if_perfect_high is None:
        return Cell(DASH, "not recorded")
    most = f"\N{LESS-THAN OR EQUAL TO} {score(quality.ece_if_perfect_high)}"
    return Cell(score(quality.ece_if_perfect), aside=most)
