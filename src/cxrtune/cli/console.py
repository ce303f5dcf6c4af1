"""What the user sees: facts on standard output, warnings and errors on standard error, bars on a terminal.

`--quiet` and `--debug`, which say how much of it, are switches of every command and may stand anywhere.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from cxrtune.cli.option_texts import OptionTexts
from cxrtune.progress import SilentTask, Task, Unit
from cxrtune.shown import shown

EPILOG = "Also: --quiet prints warnings and errors only; --debug shows the traceback of an error."


class ConsoleReporter:
    """Tells what stages tell.

    Args:
        quiet: Keep facts and bars back, never warnings.
        worded: Puts options in the place of a text's settings.
    """

    def __init__(self, *, quiet: bool, worded: Callable[[str], str] = str) -> None:
        self._quiet = quiet
        self.worded = worded
        self._facts = Console(soft_wrap=True, highlight=False, emoji=False)
        self._warnings = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

    def say(self, text: str) -> None:
        """Print a fact."""
        if not self._quiet:
            self._facts.print(_printable(self.worded(text)))

    def warn(self, text: str) -> None:
        """Print something that the user should look at."""
        self._warnings.print(f"[yellow]warning:[/yellow] {_printable(self.worded(text))}")

    def show(self, table: Table) -> None:
        """Print a table."""
        if not self._quiet:
            self._facts.print(table)

    @contextmanager
    def task(self, description: str, total: int, unit: Unit = "steps") -> Iterator[Task]:
        """Show a bar while a task runs, if somebody is looking."""
        if self._quiet or not sys.stdout.isatty():
            yield SilentTask()
            return
        counts: tuple[ProgressColumn, ...] = (MofNCompleteColumn(),)
        if unit == "bytes":
            counts = (DownloadColumn(), TransferSpeedColumn())
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            *counts,
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=self._facts, transient=True) as bars:
            yield _Bar(bars, bars.add_task(description, total=total, note=""), total)


@dataclass(frozen=True)
class Switches:
    """What holds for every command.

    Attributes:
        quiet: Print warnings and errors only.
        debug: Show the traceback of an error.
    """

    quiet: bool
    debug: bool


def take_switches(arguments: list[str]) -> tuple[Switches, list[str]]:
    """Take the switches out of the arguments, wherever they stand."""
    rest = [argument for argument in arguments if argument not in ("--quiet", "--debug")]
    return Switches(quiet="--quiet" in arguments, debug="--debug" in arguments), rest


def reporter_of(context: typer.Context) -> ConsoleReporter:
    """Return the console as the switches want it, in the running command's words."""
    worded = OptionTexts(context.find_root().command, context.command_path.split())
    return ConsoleReporter(quiet=context.obj.quiet, worded=worded)


def _printable(text: str) -> str:
    """Return a text whose names cannot end the program, steer the terminal, or pass for markup."""
    return escape("\n".join(shown(line) for line in text.split("\n")))


class _Bar:
    def __init__(self, bars: Progress, task: TaskID, total: int) -> None:
        self._bars = bars
        self._task = task
        self._total = total
        self._lock = threading.Lock()

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        self._bars.advance(self._task, steps)

    def lengthen(self, steps: int) -> None:
        """Make the bar's whole longer."""
        with self._lock:
            self._total += steps
            self._bars.update(self._task, total=self._total)

    def note(self, text: str) -> None:
        """Show a text beside the bar."""
        self._bars.update(self._task, note=escape(text))
