"""The paired tests: every pair of models, finding by finding."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.comparison import FEWEST_PATIENTS, TOO_FEW
from cxrtune.evaluation.results import Comparison, PairedResult
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, p_value, signed, signed_span
from cxrtune.report.table import Cell, Column, Row, Table, number
from cxrtune.report.verdict import verdict

_UNDEFINED = "undefined: too few positives or negatives"


@dataclass(frozen=True)
class Pair:
    """Two models: a sentence a finding, and the table behind it."""

    heading: str
    sentences: tuple[str, ...]
    table: Table


@dataclass(frozen=True)
class ComparisonView:
    """All pairs."""

    pairs: tuple[Pair, ...]


def comparison_view(material: Material) -> ComparisonView | None:
    """Show every pair of models; None where there is one model only."""
    pairs = material.results.comparisons
    return ComparisonView(tuple(_pair(pair, index) for index, pair in enumerate(pairs))) if pairs else None


def _pair(pair: Comparison, index: int) -> Pair:
    rows = [(spoken(finding), result) for finding, result in pair.findings.items()]
    return Pair(
        heading=f"{pair.first} against {pair.second}",
        sentences=tuple(verdict(pair, name, result) for name, result in rows),
        table=Table(
            anchor=f"table-comparison-{index + 1}",
            caption=f"AUROC of {pair.first} less that of {pair.second}, on the same images.",
            corner="Finding",
            columns=tuple(
                Column(name)
                for name in (
                    "Difference", "Corrected interval", "p, DeLong", "p, patients", "p, Holm",
                    "Patients", "with it", "without",
                )
            ),
            bodies=(
                tuple(_row(name, result) for name, result in rows),
                (_row("Macro average", pair.macro),),
            ),
            remarks=(
                "p, patients: the models are swapped within patients; the 95 % interval beside the",
                "difference holds what this test does not reject. p, Holm: corrected for the number of",
                "findings; 0.05 or less decides the verdict, and the corrected interval then leaves out 0.",
                "The macro average is one test and is not corrected. With fewer than",
                f"{FEWEST_PATIENTS} patients with, or without, a finding no test is made. DeLong's",
                "test takes images as independent and decides nothing.",
            ),
        ),
    )  # fmt: skip


def _row(name: str, result: PairedResult) -> Row:
    difference = number(result.difference, signed, _UNDEFINED)
    if result.interval is not None:
        difference = Cell(difference.text, aside=signed_span(result.interval))
    no_delong = "not made for an average" if result.difference is not None else _UNDEFINED
    return Row(
        name,
        (
            difference,
            _corrected(result),
            number(result.p_delong, p_value, no_delong),
            number(result.p_patients, p_value, _not_tested(result)),
            number(result.p_holm, p_value, _not_tested(result)),
            Cell(count(result.patients)),
            Cell(count(result.positive_patients)),
            Cell(count(result.negative_patients)),
        ),
    )


def _corrected(result: PairedResult) -> Cell:
    interval = result.interval_holm
    return Cell(DASH, _not_tested(result)) if interval is None else Cell(signed_span(interval))


def _not_tested(result: PairedResult) -> str:
    return "too few patients to compare" if result.verdict == TOO_FEW else _UNDEFINED
