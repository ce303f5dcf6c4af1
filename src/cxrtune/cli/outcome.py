"""How `run` and `demo` end: the table of AUROCs and the path of the report."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from cxrtune.cli.console import ConsoleReporter
from cxrtune.evaluation.results import ModelResult
from cxrtune.experiment.choice_notes import judged
from cxrtune.experiment.run import Outcome
from cxrtune.report.verdict import verdict


def print_outcome(outcome: Outcome, reporter: ConsoleReporter) -> None:
    """Print what a stranger wants to know first."""
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


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _macro(model: ModelResult) -> str:
    partial = model.macro_auroc_over < len(model.findings)
    return _number(model.macro_auroc) + (f" (of {model.macro_auroc_over})" if partial else "")
