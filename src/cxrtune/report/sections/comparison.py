"""Paired tests for every pair of models, by finding."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from cxrtune.evaluation.results import Comparison, PairedResult, StoredResults
from cxrtune.evaluation.settings import MACRO
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS, TOO_FEW
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, p_text, p_value, score, signed, signed_span
from cxrtune.report.notes import verdict
from cxrtune.report.table import Cell, Column, Row, Table, number

_UNDEFINED = "undefined: too few positives or negatives"


@dataclass(frozen=True)
class Pair:
    """Two models: a sentence and a figure with one line per finding, and the underlying table."""

    heading: str
    sentences: tuple[str, ...]
    figure: Markup | None
    caption: str
    table: Table


@dataclass(frozen=True)
class ComparisonView:
    """All pairs."""

    pairs: tuple[Pair, ...]


def comparison_view(material: Material) -> ComparisonView | None:
    """Return every pair of models; None if there is only one model."""
    pairs = material.results.comparisons
    remark = _primary_remark(material.results)
    figures = material.figures.differences or (None,) * len(pairs)
    views = tuple(
        _pair(pair, index, remark, figure)
        for index, (pair, figure) in enumerate(zip(pairs, figures, strict=True))
    )
    return ComparisonView(views) if pairs else None


def _rows(pair: Comparison) -> list[tuple[str, PairedResult]]:
    return [
        *((spoken(finding), result) for finding, result in pair.findings.items()),
        ("Macro average", pair.macro),
    ]


def _primary_remark(results: StoredResults) -> str:
    if results.primary is None:
        return "No primary endpoint was named, so every test is corrected."
    named = "the macro average" if results.primary == MACRO else spoken(results.primary)
    first = results.comparisons[0]
    primary = f"The primary endpoint is {named}, {first.first} against {first.second}"
    tested = [one for _, one in _rows(first) if one.primary and one.p_patients is not None]
    if not tested:
        return f"{primary}: it could not be tested. All other tests are corrected."
    return (
        f"{primary}: its test is not corrected, all others are. That it was named before the scores were "
        "seen is for the author to say."
    )


def _caption(pair: Comparison) -> str:
    line = "" if pair.macro.margin is None else " The line to the left of it is the margin."
    return (
        f"AUROC of {pair.first} less that of {pair.second}. Thick: the 95 % interval. Thin: the corrected "
        f"one; in colour where it leaves out 0 (dashed).{line}"
    )


def _margin_remark(margin: float) -> str:
    return (
        f"Not inferior: the first model is less than {margin:g} AUROC worse; the p-value is that of the same "
        "test against this difference, corrected in the same way."
    )


def _pair(pair: Comparison, index: int, primary: str, figure: Markup | None) -> Pair:
    *rows, macro = _rows(pair)
    return Pair(
        heading=f"{pair.first} against {pair.second}",
        sentences=tuple(verdict(pair, name, result) for name, result in rows),
        figure=figure,
        caption=_caption(pair),
        table=Table(
            anchor=f"table-comparison-{index + 1}",
            caption=f"AUROC of {pair.first} less that of {pair.second}, on the same images.",
            corner="Finding",
            columns=tuple(
                Column(name)
                for name in (
                    "Difference", "Corrected interval", "p, DeLong", "p, patients", "p, Holm", "Detectable",
                    *(["Not inferior"] if pair.macro.margin is not None else []),
                    "Patients", "with it", "without",
                )
            ),
            bodies=(
                tuple(_row(name, result) for name, result in rows),
                (_row(*macro),),
            ),
            remarks=(
                "p, patients: the models are swapped within patients; the 95 % interval beside the "
                "difference holds what this test does not reject. p, Holm: corrected for the number of "
                "these tests, over findings, averages and pairs of models; 0.05 or less decides the verdict, "
                "and the corrected interval then leaves out 0.",
                primary,
                "Detectable: the true difference that a single test at 5 % finds with a power of 80 %; where "
                "nothing is separable, a smaller one may be there.",
                *([] if pair.macro.margin is None else [_margin_remark(pair.macro.margin)]),
                f"With fewer than {FEWEST_PATIENTS} patients with, or without, a finding no test is made. "
                "DeLong's test takes images as independent and decides nothing.",
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
            _holm(result),
            number(result.detectable, score, _UNDEFINED),
            *([] if result.margin is None else [_noninferior(result)]),
            Cell(count(result.patients)),
            Cell(count(result.positive_patients)),
            Cell(count(result.negative_patients)),
        ),
    )


def _holm(result: PairedResult) -> Cell:
    cell = number(result.p_holm, p_value, _not_tested(result))
    return Cell(cell.text, aside="primary endpoint") if result.primary and result.p_holm is not None else cell


def _noninferior(result: PairedResult) -> Cell:
    if result.p_noninferior is None:
        return Cell(DASH, _not_tested(result))
    shown = "shown" if result.noninferior else "not shown"
    return Cell(shown, aside=p_text(result.p_noninferior))


def _corrected(result: PairedResult) -> Cell:
    interval = result.interval_holm
    return Cell(DASH, _not_tested(result)) if interval is None else Cell(signed_span(interval))


def _not_tested(result: PairedResult) -> str:
    return "too few patients to compare" if result.verdict == TOO_FEW else _UNDEFINED
