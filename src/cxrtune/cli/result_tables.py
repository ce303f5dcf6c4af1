"""How the commands end that judge models: tables of their numbers, verdicts, and the path of the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from cxrtune.console import ConsoleReporter
from cxrtune.evaluation.results import FindingResult, ModelResult, PairedResult, StoredResults
from cxrtune.report.judged import judged, judged_counts
from cxrtune.report.notation import score, signed, signed_span, span
from cxrtune.report.notes import verdict

if TYPE_CHECKING:
    from cxrtune.experiment.run import Outcome
    from cxrtune.experiment.stats import JudgedTable


def print_outcome(outcome: Outcome, reporter: ConsoleReporter) -> None:
    """Print how `run` and `demo` end: what a new user wants to know first."""
    results = outcome.results
    table = Table(title=f"AUROC, {judged(results)}")
    table.add_column("finding")
    table.add_column("positives", justify="right")
    for model in results.models:
        table.add_column(escape(model.name), justify="right")
    for finding in results.findings:
        cells = [_number(model.findings[finding].auroc) for model in results.models]
        table.add_row(finding, f"{results.models[0].findings[finding].support:,}", *cells)
    table.add_section()
    table.add_row("macro average", "", *[_macro(model) for model in results.models])
    table.add_row("macro F1", "", *[_number(model.averages["macro"].f1) for model in results.models])
    reporter.show(table)
    for pair in results.comparisons:
        if pair.first == results.models[0].name:
            reporter.say(verdict(pair, "on average over the findings", pair.macro))
    for absent in results.missing:
        reporter.warn(f"not compared with {absent.name}. {absent.reason}\n{absent.remedy}")
    reporter.say(f"The report: {outcome.report}")


def print_judged(found: JudgedTable, reporter: ConsoleReporter) -> None:
    """Print how `stats` ends: areas with intervals, differences, and where the page is."""
    results = found.results
    table = Table()
    table.add_column("finding", no_wrap=True)
    table.add_column("pos. / neg.", justify="right", no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("AUROC (95 % interval)", no_wrap=True)
    if results.comparisons:
        table.add_column("verdict")
    for finding in results.findings:
        if results.comparisons:
            table.add_section()
        positives, negatives = judged_counts(results, finding)
        first = (escape(finding), f"{positives:,} / {negatives:,}")
        for row in _rows(results, finding):
            table.add_row(*first, *row[: len(table.columns) - len(first)])
            first = ("", "")
    reporter.show(table)
    if results.comparisons:
        reporter.say("Intervals of differences are corrected as the verdicts are, for the number of tests.")
    reporter.say(f"The report: {found.report}")


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _macro(model: ModelResult) -> str:
    partial = model.macro_auroc_over < len(model.findings)
    return _number(model.macro_auroc) + (f" (of {model.macro_auroc_over})" if partial else "")


def _rows(results: StoredResults, finding: str) -> Iterator[tuple[str, str, str]]:
    """Yield each model's area, then each pair's difference and verdict."""
    for model in results.models:
        yield escape(model.name), _area(model.findings[finding]), ""
    for pair in results.comparisons:
        yield escape(f"{pair.first} less {pair.second}"), *_compared(pair.findings.get(finding))


def _area(result: FindingResult) -> str:
    if result.auroc is None:
        return "undefined"
    interval = result.intervals.get("auroc")
    return score(result.auroc) + ("" if interval is None else f" ({span(interval)})")


def _compared(result: PairedResult | None) -> tuple[str, str]:
    """Return the difference with the interval by which the verdict is known, and the verdict."""
    if result is None or result.difference is None:
        return "undefined", "undefined"
    interval = result.interval_holm or result.interval
    within = "" if interval is None else f" ({signed_span(interval)})"
    return f"{signed(result.difference)}{within}", result.verdict
