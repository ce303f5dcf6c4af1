"""How `stats` ends: AUROCs with intervals, differences, verdicts, and the path of the report."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from cxrtune.cli.console import ConsoleReporter
from cxrtune.evaluation.results import FindingResult, PairedResult, Results
from cxrtune.experiment.stats import JudgedTable
from cxrtune.report.judged import judged_counts
from cxrtune.report.notation import score, signed, signed_span, span


def print_judged(judged: JudgedTable, reporter: ConsoleReporter) -> None:
    """Print what was found, and where the page is."""
    results = judged.results
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
    reporter.say(f"The report: {judged.report}")


def _rows(results: Results, finding: str) -> Iterator[tuple[str, str, str]]:
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
