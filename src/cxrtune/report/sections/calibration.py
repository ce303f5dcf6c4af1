"""How far probabilities mean what they say, before and after calibration."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from cxrtune.evaluation.results import CalibrationResult, ModelResult
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import listed, score
from cxrtune.report.table import Cell, Column, Group, Row, Table


@dataclass(frozen=True)
class CalibrationView:
    """The first model's reliability diagrams, the findings that have none, and the table of all models."""

    model: str
    figure: Markup | None
    without: str
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
        tables=tuple(_table(model, index) for index, model in enumerate(models)),
    )


def _table(model: ModelResult, index: int) -> Table:
    pairs = ("Before", "After")
    return Table(
        anchor=f"table-calibration-{index + 1}",
        caption=f"Calibration of {model.name}, fitted on validation, judged here.",
        corner="Finding",
        groups=(Group("", 1), Group("Brier score", 2), Group("Log loss", 2), Group("ECE", 2)),
        columns=(
            Column("Method"),
            *(Column(name, starts_group=name == "Before") for _ in range(3) for name in pairs),
        ),
        bodies=(tuple(Row(spoken(f), _cells(found)) for f, found in model.calibration.items()),),
        remarks=(
            "Lower is better. Brier: mean squared error, with its 95 % interval. ECE: expected calibration "
            "error over ten bins of equal mass. The method is the one with the lowest log loss in "
            "cross-validation by patient.",
        ),
    )


def _cells(found: CalibrationResult) -> tuple[Cell, ...]:
    cells = [Cell(found.method)]
    for kind in ("before", "after"):
        interval = found.intervals.get(f"brier_{kind}")
        quality = found.before if kind == "before" else found.after
        aside = None if interval is None else f"{interval.low:.3f} to {interval.high:.3f}"
        cells.append(Cell(score(quality.brier), aside=aside))
    cells += [Cell(score(quality.log_loss)) for quality in (found.before, found.after)]
    cells += [Cell(score(quality.ece)) for quality in (found.before, found.after)]
    return tuple(cells)
