"""How far probabilities mean what they say, before and after calibration."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from cxrtune.evaluation.results import CalibrationQuality, CalibrationResult, ModelResult, Results
from cxrtune.findings import spoken
from cxrtune.report.chosen import chosen_sentence
from cxrtune.report.judged import judged_images, judged_patients
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, counted, listed, score, span
from cxrtune.report.sections.calibration_slope import coefficient_table, still_off
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table

_ROSE = 0.00005
"""Half of the last decimal that is printed."""


@dataclass(frozen=True)
class CalibrationView:
    """The first model's reliability diagrams, the findings that have none, and the tables of all models.

    `harmed` says, a model, where its calibration made things worse; `off` where the calibrated probabilities
    are still off; `bars` what the bars leave out.
    """

    model: str
    figure: Markup | None
    without: str
    harmed: tuple[str, ...]
    off: tuple[str, ...]
    bars: str
    tables: tuple[Table, ...]


def calibration_view(material: Material) -> CalibrationView | None:
    """Show the calibration; None where no model has any."""
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
    """Name the findings whose Brier score or calibration error rose, with both values."""
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


def _bars(results: Results) -> str:
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
