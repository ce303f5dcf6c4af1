"""Comparison of two models' decisions at their thresholds, on the same images."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import CallComparison, CallDifference
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS, HIGHER, LOWER, NOT_SEPARABLE, TOO_FEW
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, counted, listed, p_value, signed, signed_span
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, number

_MEASURES = (("sensitivity", "with"), ("specificity", "without"))
_NO_IMAGES = "undefined: no image is judged"
_REMARKS = (
    "Each model calls at its own threshold, and a higher sensitivity can be bought with a lower "
    "specificity: both tables together say what was gained. That one model is better is what the paired "
    "tests of AUROC ask.",
    "First only, second only: images that only the first, or only the second, model calls rightly. With one "
    "image per patient the test is McNemar's exact test; else the models are swapped within patients.",
    "p, Holm is corrected over findings and pairs of models, by measure; 0.05 or less decides "
    "the verdict, and the corrected interval then leaves out 0. The 95 % interval beside the difference is "
    "not corrected.",
)


@dataclass(frozen=True)
class PairOfCalls:
    """Two models: one sentence and one table per measure."""

    heading: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class PairedCallsView:
    """All pairs, and an explanation of the tables."""

    pairs: tuple[PairOfCalls, ...]
    remarks: tuple[str, ...]


def paired_calls_view(material: Material) -> PairedCallsView | None:
    """Return every pair of models with thresholds; None without any."""
    pairs = material.results.call_comparisons
    if not pairs:
        return None
    few = f"With fewer than {FEWEST_PATIENTS} patients that have an image of the kind no test is made."
    return PairedCallsView(
        pairs=tuple(_pair(pair, index) for index, pair in enumerate(pairs, start=1)),
        remarks=(*_REMARKS, few),
    )


def _pair(pair: CallComparison, index: int) -> PairOfCalls:
    return PairOfCalls(
        heading=f"{pair.first} against {pair.second}, each at its thresholds",
        sentences=tuple(_tally(pair, measure) for measure, _ in _MEASURES),
        tables=tuple(_table(pair, measure, having, index) for measure, having in _MEASURES),
    )


def _of(pair: CallComparison, measure: str) -> dict[str, CallDifference]:
    return pair.sensitivity if measure == "sensitivity" else pair.specificity


def _tally(pair: CallComparison, measure: str) -> str:
    """List the findings by verdict: `Sensitivity of a: higher than that of b in Effusion; …`."""
    told = []
    for verdict, words in (
        (HIGHER, f"higher than that of {pair.second} in"),
        (LOWER, "lower in"),
        (NOT_SEPARABLE, "not separable in"),
        (TOO_FEW, "too few patients to compare in"),
    ):
        named = [spoken(f) for f, one in _of(pair, measure).items() if one.verdict == verdict]
        told += [f"{words} {listed(named)}"] if named else []
    nothing = "undefined in every finding"
    return f"{measure.capitalize()} of {pair.first}: {'; '.join(told) or nothing}."


def _table(pair: CallComparison, measure: str, having: str, index: int) -> Table:
    return Table(
        anchor=f"table-paired-{measure}-{index}",
        caption=f"{measure.capitalize()} of {pair.first} less that of {pair.second}.",
        corner="Finding",
        groups=(ColumnGroup("", 4), ColumnGroup(f"Images {having} the finding", 4)),
        columns=(
            Column("Difference"),
            Column("Corrected interval"),
            Column("p, patients"),
            Column("p, Holm"),
            Column("Images", starts_group=True),
            Column("Patients"),
            Column("First only"),
            Column("Second only"),
        ),
        bodies=(tuple(Row(spoken(finding), _cells(one)) for finding, one in _of(pair, measure).items()),),
    )


def _cells(one: CallDifference) -> tuple[Cell, ...]:
    why_not = _why_not_tested(one)
    difference = number(one.difference, signed, _NO_IMAGES)
    if one.interval is not None:
        difference = Cell(difference.text, aside=signed_span(one.interval))
    no_interval = why_not if one.p_holm is None else "both models make the same calls"
    corrected = one.interval_holm
    return (
        difference,
        Cell(DASH, no_interval) if corrected is None else Cell(signed_span(corrected)),
        number(one.p_patients, p_value, why_not),
        number(one.p_holm, p_value, why_not),
        Cell(count(one.images)),
        Cell(count(one.patients)),
        Cell(count(one.first_only)),
        Cell(count(one.second_only)),
    )


def _why_not_tested(one: CallDifference) -> str:
    return f"{counted(one.patients, 'patient')}: too few to compare" if one.images else _NO_IMAGES
