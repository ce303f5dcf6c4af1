"""How `stats` ends: AUROCs with intervals, differences, verdicts, and the path of the report."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from cxrtune.cli.console import ConsoleReporter
from cxrtune.evaluation.results import FindingResult, PairedResult, Results
from cxrtune.pipeline.stats import JudgedTable
from cxrtune.report.judged import judged_counts, positive_patients
from cxrtune.report.notation import score, signed, signed_span, span


def print_judged(judged: JudgedTable, reporter: ConsoleReporter) -> None:
    """Print what was found, and where the page is."""
    results = judged.results
    reporter.show(_areas(results))
    if len(results.models) > 2:
        reporter.show(_differences(results))
    reporter.say(f"The report: {judged.report}")


def _areas(results: Results) -> Table:
    """Return a row a finding; with two models also their difference and the verdict."""
    table = Table(title="AUROC (95 % interval)")
    table.add_column("finding")
    for name in ("positives", "negatives", "patients with it"):
        table.add_column(name, justify="right")
    for model in results.models:
        table.add_column(escape(model.name), justify="right")
    pair = results.comparisons[0] if len(results.models) == 2 else None
    if pair is not None:
        table.add_column("difference (corrected)", justify="right")
        table.add_column("verdict")
    for finding in results.findings:
        counts = (*judged_counts(results, finding), positive_patients(results, finding))
        cells = [f"{count:,}" for count in counts]
        cells += [_area(model.findings[finding]) for model in results.models]
        if pair is not None:
            cells += _compared(pair.findings.get(finding))
        table.add_row(escape(finding), *cells)
    return table


def _differences(results: Results) -> Table:
    table = Table(title="Differences of AUROC (95 % interval, corrected)")
    for name in ("models", "finding"):
        table.add_column(name)
    table.add_column("difference", justify="right")
    table.add_column("verdict")
    for pair in results.comparisons:
        for finding, result in pair.findings.items():
            table.add_row(escape(f"{pair.first} less {pair.second}"), escape(finding), *_compared(result))
    return table


def _area(result: FindingResult) -> str:
    if result.auroc is None:
        return "undefined"
    interval = result.intervals.get("auroc")
    return score(result.auroc) + ("" if interval is None else f" ({span(interval)})")


def _compared(result: PairedResult | None) -> list[str]:
    """Return the difference with the interval by which the verdict is known, and the verdict."""
    if result is None or result.difference is None:
        return ["undefined", "undefined"]
    interval = result.interval_holm or result.interval
    within = "" if interval is None else f" ({signed_span(interval)})"
    return [f"{signed(result.difference)}{within}", result.verdict]
