"""Calibration intercept and slope, and where calibrated probabilities are still off."""

from __future__ import annotations

from cxrtune.evaluation.results import CalibrationResult, Interval, ModelResult
from cxrtune.findings import spoken
from cxrtune.report.notation import listed, score, signed, signed_span, span
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, estimate, number

_NO_SLOPE = "undefined: no positives, no negatives, or all of one score above all of the other"
_REMARKS = (
    "With 95 % intervals that take patients as drawn. Intercept (calibration in the large, slope held at "
    "1): 0 is best; above 0 probabilities are too low on average, below 0 too high. Slope of the logits: 1 "
    "is best; below 1 probabilities are too extreme, above 1 not extreme enough.",
)


def coefficient_table(model: ModelResult, index: int, *, is_last: bool) -> Table:
    """Return intercept and slope of each finding before and after calibration."""
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
                Row(spoken(finding), _cells(model, finding, found))
                for finding, found in model.calibration.items()
            ),
        ),
        remarks=_REMARKS if is_last else (),
    )


def _cells(model: ModelResult, finding: str, found: CalibrationResult) -> tuple[Cell, ...]:
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
    """Name the findings whose calibrated probabilities disagree with the images judged beyond chance."""
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
