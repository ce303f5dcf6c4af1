"""What is read off the ROC curves: sensitivity at fixed specificity, the reverse, and partial areas."""

from __future__ import annotations

from cxrtune.evaluation.curve_values import FEWEST_PATIENTS
from cxrtune.evaluation.results import CurveResult, FindingResult, ModelResult, Results
from cxrtune.findings import spoken
from cxrtune.report.judged import part_named
from cxrtune.report.notation import count, score
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, estimate

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


def fixed_point_tables(results: Results) -> tuple[Table, ...]:
    """Return one table for each model that has a curve."""
    models = [model for model in results.models if model.curves]
    return tuple(
        _table(results, model, index, is_last=model is models[-1])
        for index, model in enumerate(models, start=1)
    )


def _table(results: Results, model: ModelResult, index: int, *, is_last: bool) -> Table:
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
