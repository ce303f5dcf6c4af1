"""The ROC curves of each model."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from cxrtune.evaluation.results import ModelResult, Results
from cxrtune.findings import spoken
from cxrtune.report.judged import part_named
from cxrtune.report.material import Material
from cxrtune.report.notation import counted, percent, score
from cxrtune.report.sections.fixed_points import fixed_point_tables
from cxrtune.report.table import Cell, Column, Row, Table, estimate, mark_best

_NO_PRECISION = "undefined: no positives or no negatives, or not given by this model"


@dataclass(frozen=True)
class RocFigure:
    """One model's curves with their caption."""

    model: str
    caption: str
    figure: Markup


@dataclass(frozen=True)
class Panels:
    """Small panels of all models, one a finding."""

    caption: str
    figure: Markup


@dataclass(frozen=True)
class RocView:
    """The panels with bands, if there are any, one figure a model in their order, and what is read off."""

    panels: tuple[Panels, ...]
    figures: tuple[RocFigure, ...]
    precision: Table | None
    fixed: tuple[Table, ...]


def roc_view(material: Material) -> RocView:
    """Show all models by finding, then each model's findings together."""
    captions = (
        "ROC curves by finding, with pointwise 95 % bands of the patient bootstrap. Dashed: chance.",
        "Precision-recall curves by finding, with bands of the same kind. Dashed: the prevalence.",
    )
    drawn = (material.figures.roc_panels, material.figures.recall_panels)
    return RocView(
        tuple(Panels(text, figure) for text, figure in zip(captions, drawn, strict=True) if figure),
        tuple(
            RocFigure(
                model=model.name,
                caption=f"ROC curves, {counted(model.images, 'image')}.{_dots(model)}",
                figure=material.figures.roc[model.name],
            )
            for model in material.results.models
        ),
        _precision(material.results) if material.results.bootstrap else None,
        fixed_point_tables(material.results),
    )


def _dots(model: ModelResult) -> str:
    if all(result.threshold is None for result in model.findings.values()):
        return ""
    return f" Dots: the operating points at its thresholds ({model.threshold_rule})."


def _precision(results: Results) -> Table:
    rows = []
    for finding in results.findings:
        found = [model.findings[finding] for model in results.models]
        cells = [
            estimate(one.average_precision, one.intervals.get("average_precision"), score, _NO_PRECISION)
            for one in found
        ]
        support = max(one.support for one in found)
        whole = max(one.support + one.negatives for one in found)
        rows.append(Row(spoken(finding), (*mark_best(tuple(cells)), Cell(f"{percent(support, whole)} %"))))
    means = tuple(
        estimate(
            model.macro_average_precision,
            model.intervals.get("macro_average_precision"),
            score,
            _NO_PRECISION,
        )
        for model in results.models
    )
    return Table(
        anchor="table-average-precision",
        caption=f"Average precision of each model by finding, {part_named(results.split)}.",
        corner="Finding",
        columns=(
            *(Column(model.name) for model in results.models),
            Column("Prevalence", starts_group=True),
        ),
        bodies=(tuple(rows), (Row("Macro average", (*mark_best(means), Cell(""))),)),
        remarks=("With 95 % intervals. A model that knows nothing has the prevalence.",),
    )
