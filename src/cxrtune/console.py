"""Output in a terminal: messages on standard output, warnings on standard error, and progress bars."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

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

from cxrtune.progress import SilentTask, Task, Unit
from cxrtune.shown import shown

# In a notebook, rich would show every line as separate HTML, and require ipywidgets.
_PLAIN: dict[str, Any] = {"soft_wrap": True, "highlight": False, "emoji": False, "force_jupyter": False}


class ConsoleReporter:
    """Reporter that shows the messages of stages in a terminal.

    Args:
        quiet: Suppress messages and bars, but not warnings.
        worded: Replaces the settings in a text by command-line options.
    """

    def __init__(self, *, quiet: bool, worded: Callable[[str], str] = str) -> None:
        self._quiet = quiet
        self.worded = worded
        self._facts = Console(**_PLAIN)
        self._warnings = Console(stderr=True, **_PLAIN)

    def say(self, text: str) -> None:
        """Print a message."""
        if not self._quiet:
            self._facts.print(_printable(self.worded(text)))

    def warn(self, text: str) -> None:
        """Print a warning."""
        self._warnings.print(f"[yellow]warning:[/yellow] {_printable(self.worded(text))}")

    def show(self, table: Table) -> None:
        """Print a table."""
        if not self._quiet:
            self._facts.print(table)

    @contextmanager
    def task(self, description: str, total: int, unit: Unit = "steps") -> Iterator[Task]:
        """Show a progress bar while a task runs, if the output is a terminal."""
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


def _printable(text: str) -> str:
    """Return a text in which names cannot cause errors, control the terminal, or be read as markup."""
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
        """Increase the total of the bar."""
        with self._lock:
            self._total += steps
            self._bars.update(self._task, total=self._total)

    def note(self, text: str) -> None:
        """Show a text next to the bar."""
        self._bars.update(self._task, note=escape(text))
