"""Calls against the reference standard, counted: the four cells, predictive values, likelihood ratios."""

from __future__ import annotations

from cxrtune.evaluation.results import FindingResult, ModelResult, Results
from cxrtune.findings import spoken
from cxrtune.report import undefined
from cxrtune.report.judged import part_named
from cxrtune.report.notation import DASH, count, score
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, estimate

_REMARKS = (
    "With 95 % intervals. Predictive values hold for the share of positives among the images judged here, "
    "and for no other; likelihood ratios are free of it: they are what the odds of the finding are "
    "multiplied by, LR+ after a positive call, LR\N{MINUS SIGN} after a negative one.",
)


def cross_tables(results: Results) -> tuple[Table, ...]:
    """Return one table for each model that has thresholds."""
    models = [m for m in results.models if any(found.tp is not None for found in m.findings.values())]
    return tuple(
        _table(results, model, index, is_last=model is models[-1])
        for index, model in enumerate(models, start=1)
    )


def _table(results: Results, model: ModelResult, index: int, *, is_last: bool) -> Table:
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
    why_not = undefined.at_threshold(found)
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
        return undefined.at_threshold(found)
    if name == "positive_likelihood_ratio":
        return "undefined: no negative is called"
    return "undefined: every negative is called"
