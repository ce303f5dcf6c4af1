"""`cxrtune verify`: data folder -> everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import Allow, Workers, allowances_of


def command(
    context: typer.Context,
    data: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder with the images, the label table and the split lists."),
    ],
    cohort: Annotated[
        Path | None,
        typer.Option("--cohort", help="Check this cohort's images instead, named relative to DIR."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the whole list of problems: .csv or .jsonl.")
    ] = None,
    decode: Annotated[
        bool, typer.Option("--decode/--no-decode", help="Decode every image, or check names and sizes only.")
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail the check, too.")] = False,
    examples: Annotated[int, typer.Option("--examples", min=1, help="Problems shown of a kind.")] = 3,
    workers: Workers = None,
    allow: Allow = None,
) -> None:
    """Check a data folder and tell all problems at once; exit code 1 if one is an error."""
    from cxrtune.cohort.checks.cohort_images import verify_cohort
    from cxrtune.cohort.checks.nih_folder import verify_nih_folder
    from cxrtune.cohort.checks.verdict import (
        Settings,
        closing_lines,
        problem_lines,
        require_list_name,
        write_problems,
    )
    from cxrtune.cohort.table import read_cohort
    from cxrtune.processors import processor_count

    reporter = reporter_of(context)
    settings = Settings(decode, workers or processor_count(), frozenset(allowances_of(allow)))
    if out is not None:
        require_list_name(out)
    if cohort is None:
        verdict = verify_nih_folder(data, settings, reporter)
    else:
        verdict = verify_cohort(read_cohort(cohort), data, settings, reporter)
    if out is not None:
        write_problems(out, verdict.problems)
    for line in problem_lines(verdict, examples):
        typer.echo(_coloured(reporter.worded(line)))
    for line in closing_lines(verdict):
        reporter.say(line)
    if out is not None:
        reporter.say(f"The whole list: {out}")
    if verdict.errors or (strict and verdict.warnings):
        raise typer.Exit(1)


def _coloured(line: str) -> str:
    for severity, colour in (("error:", "red"), ("warning:", "yellow")):
        if line.startswith(severity):
            return typer.style(severity, fg=colour) + line.removeprefix(severity)
    return line
