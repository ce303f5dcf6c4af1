"""Progress reports of stages, without printing: the caller decides what is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, Protocol

Unit = Literal["steps", "bytes"]

_TOLD = 5  # number of files that are named for each kind of note


class Task(Protocol):
    """A task with a known number of steps."""

    def advance(self, steps: int = 1) -> None:
        """Record that `steps` more steps are done, or (if negative) must be done again."""

    def lengthen(self, steps: int) -> None:
        """Record that the task has `steps` more steps than expected."""

    def note(self, text: str) -> None:
        """Show a short text next to the bar, such as the current loss."""


class Reporter(Protocol):
    """Interface through which a stage reports its progress."""

    def say(self, text: str) -> None:
        """Report a message."""

    def warn(self, text: str) -> None:
        """Report something that was not done, or that the user should check."""

    def task(self, description: str, total: int, unit: Unit = "steps") -> AbstractContextManager[Task]:
        """Start a task of `total` steps or bytes, which ends with the context."""


class SilentTask:
    """A task that shows nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""

    def lengthen(self, steps: int) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""


class SilentReporter:
    """A reporter that shows nothing, for silent calls from Python."""

    def say(self, text: str) -> None:
        """Do nothing."""

    def warn(self, text: str) -> None:
        """Do nothing."""

    @contextmanager
    def task(self, description: str, total: int, unit: Unit = "steps") -> Iterator[Task]:
        """Yield a task that shows nothing."""
        yield SilentTask()


class FileNotes:
    """Collects notes on the files of one stage: names the first few of each kind, and counts the rest."""

    def __init__(self, stage: str, reporter: Reporter) -> None:
        self._stage, self._reporter = stage, reporter
        self._seen: Counter[str] = Counter()

    def warn(self, text: str) -> None:
        """Report a warning that does not concern a single file."""
        self._reporter.warn(f"{self._stage}: {text}")

    def note(self, file: Path | str, notes: Sequence[str]) -> None:
        """Report notes on a file."""
        for text in notes:
            self._seen[text] += 1
            if self._seen[text] <= _TOLD:
                self._reporter.warn(f"{self._stage}: {file}: {text}")

    def tell_rest(self) -> None:
        """Report the number of files that were not named."""
        for text, count in self._seen.items():
            if count > _TOLD:
                self._reporter.warn(f"{self._stage}: {count - _TOLD:,} more files: {text}")
