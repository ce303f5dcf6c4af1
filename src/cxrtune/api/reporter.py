"""Progress of calls from Python: messages and bars, in a terminal and in a notebook."""

from __future__ import annotations

import html
import importlib
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cxrtune.console import ConsoleReporter
from cxrtune.progress import Reporter, SilentTask, Task, Unit

_EACH = 0.2  # seconds between two updates of a bar


def reporter(*, verbose: bool) -> Reporter:
    """Return a reporter that shows messages, warnings and bars; without `verbose`, warnings only."""
    if verbose and _in_notebook():
        return NotebookReporter()
    return ConsoleReporter(quiet=not verbose)


class NotebookReporter(ConsoleReporter):
    """Reporter for notebooks: bars are HTML that IPython updates, so that ipywidgets is not needed."""

    def __init__(self) -> None:
        super().__init__(quiet=False)

    @contextmanager
    def task(self, description: str, total: int, unit: Unit = "steps") -> Iterator[Task]:
        """Show a bar while a task runs."""
        try:
            display: Any = importlib.import_module("IPython.display")
        except ImportError:  # a kernel other than IPython
            yield SilentTask()
            return
        handle = display.display(display.HTML(""), display_id=True)
        if handle is None:
            yield SilentTask()
            return
        try:
            yield _HtmlBar(handle, display.HTML, description, total, unit)
        finally:
            handle.update(display.HTML(""))


class _HtmlBar:
    def __init__(self, handle: Any, as_html: Any, description: str, total: int, unit: Unit) -> None:
        self._handle, self._as_html = handle, as_html
        self._description, self._total, self._unit = description, total, unit
        self._done, self._note, self._shown = 0, "", 0.0
        self._lock = threading.Lock()
        self._show()

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        with self._lock:
            self._done += steps
            self._show()

    def lengthen(self, steps: int) -> None:
        """Increase the total of the bar."""
        with self._lock:
            self._total += steps
            self._show()

    def note(self, text: str) -> None:
        """Show a text next to the bar."""
        with self._lock:
            self._note = text
            self._show()

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._shown < _EACH:
            return
        self._shown = now
        size = 1_000_000 if self._unit == "bytes" else 1
        counts = f"{self._done // size:,} of {self._total // size:,}{' MB' if size > 1 else ''}"
        texts = (html.escape(text) for text in (self._description, counts, self._note))
        bar = f'<progress value="{self._done}" max="{max(self._total, 1)}"></progress>'
        before, *after = texts
        self._handle.update(self._as_html(f"<div>{before} {bar} {' '.join(after)}</div>"))


def _in_notebook() -> bool:
    """Return whether this runs in an IPython kernel; IPython in a terminal is treated as a terminal."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None
