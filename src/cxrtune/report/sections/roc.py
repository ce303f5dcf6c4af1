"""The ROC curves of each model, and values at fixed points."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from cxrtune.evaluation.curve_values import FEWEST_PATIENTS
from cxrtune.evaluation.results import CurveResult, FindingResult, ModelResult, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.judged import part_named
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted, percent, score
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, estimate, mark_best

_REMARKS = (
    "With 95 % intervals, but for findings of one patient. Between two points of the curve the straight "
    "line is read. Partial areas rest on a tenth of the negatives, or of the positives: of fewer than "
    f"{FEWEST_PATIENTS} such patients they have none.",
    "The thresholds behind these values are those that the images judged here ask for: nobody could have "
    "known them before. They describe the curve; what a threshold that was chosen beforehand gives stands "
    "under Thresholds and Classification reports.",
    "Partial AUROC: the area where the specificity, or the sensitivity, is at least 0.90, standardized by "
    "McClish: 0.5 is chance, 1 is perfect. It cannot be compared with a whole AUROC.",
)
_NO_PRECISION = "undefined: no positives or no negatives, or not given by this model"


def fixed_point_tables(results: StoredResults) -> tuple[Table, ...]:
    """Return one table for each model with a curve."""
    models = [model for model in results.models if model.curves]
    return tuple(
        _table(results, model, index, is_last=model is models[-1])
        for index, model in enumerate(models, start=1)
    )


def _table(results: StoredResults, model: ModelResult, index: int, *, is_last: bool) -> Table:
    first = next(iter(model.curves.values()))
    points = (
        ("Sensitivity at specificity", first.sensitivity_at),
        ("Specificity at sensitivity", first.specificity_at),
    )
    return Table(
        anchor=f"table-fixed-points-{index}",
        caption=f"Points of the ROC curves and partial areas: {model.name}, {part_named(results.split)}.",
        corner="Finding",
        groups=(
            ColumnGroup("With it", 2),
            *(ColumnGroup(name, len(held)) for name, held in points),
            ColumnGroup("Partial AUROC", 2),
        ),
        columns=(
            Column("Images", starts_group=True),
            Column("Patients"),
            *(Column(at, starts_group=at == next(iter(held))) for _, held in points for at in held),
            Column("Specificity ≥ 0.90", starts_group=True),
            Column("Sensitivity ≥ 0.90"),
        ),
        bodies=(
            tuple(
                Row(spoken(finding), _cells(found, model.findings[finding]))
                for finding, found in model.curves.items()
            ),
        ),
        remarks=_REMARKS if is_last else (),
    )


def _cells(found: CurveResult, judged: FindingResult) -> tuple[Cell, ...]:
    values = {f"sensitivity_at_{at}": value for at, value in found.sensitivity_at.items()}
    values |= {f"specificity_at_{at}": value for at, value in found.specificity_at.items()}
    values |= {f"partial_{side}": found.partial_auroc[side] for side in ("specificity", "sensitivity")}
    return (
        Cell(count(judged.support)),
        Cell(count(judged.positive_patients)),
        *(estimate(value, found.intervals.get(name), score, "undefined") for name, value in values.items()),
    )


@dataclass(frozen=True)
class RocFigure:
    """One model's curves with their caption."""

    model: str
    caption: str
    figure: Markup


@dataclass(frozen=True)
class Panels:
    """Small panels of all models, one per finding."""

    caption: str
    figure: Markup


@dataclass(frozen=True)
class RocView:
    """Panels with bands, if available, one figure per model in order, and values at fixed points."""

    panels: tuple[Panels, ...]
    figures: tuple[RocFigure, ...]
    precision: Table | None
    fixed: tuple[Table, ...]


def roc_view(material: Material) -> RocView:
    """Return the curves of all models by finding, then those of all findings by model."""
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


def _precision(results: StoredResults) -> Table:
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
