"""How a stage tells what it is doing without printing: the command line decides what is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, Protocol

Unit = Literal["steps", "bytes"]

_TOLD = 5  # files that are named for each kind of note


class Task(Protocol):
    """One piece of work with a known length."""

    def advance(self, steps: int = 1) -> None:
        """Note that `steps` more steps are done, or (negative) are to be done again."""

    def lengthen(self, steps: int) -> None:
        """Note that the task has `steps` more steps than was known."""

    def note(self, text: str) -> None:
        """Show a short text beside the bar, such as the current loss."""


class Reporter(Protocol):
    """What a stage may tell while it works."""

    def say(self, text: str) -> None:
        """Tell a fact worth a line."""

    def warn(self, text: str) -> None:
        """Tell something that was not done, or that the user should look at."""

    def task(self, description: str, total: int, unit: Unit = "steps") -> AbstractContextManager[Task]:
        """Open a task of `total` steps, or bytes; it ends with the context."""


class SilentTask:
    """A task that nobody watches."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""

    def lengthen(self, steps: int) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""


class SilentReporter:
    """A reporter for callers from Python who want no words."""

    def say(self, text: str) -> None:
        """Do nothing."""

    def warn(self, text: str) -> None:
        """Do nothing."""

    @contextmanager
    def task(self, description: str, total: int, unit: Unit = "steps") -> Iterator[Task]:
        """Yield a task that nobody watches."""
        yield SilentTask()


class FileNotes:
    """What was peculiar about files of one stage: the first few are told by name, the rest as a number."""

    def __init__(self, stage: str, reporter: Reporter) -> None:
        self._stage, self._reporter = stage, reporter
        self._seen: Counter[str] = Counter()

    def warn(self, text: str) -> None:
        """Tell of something that is no file's."""
        self._reporter.warn(f"{self._stage}: {text}")

    def note(self, file: Path | str, notes: Sequence[str]) -> None:
        """Tell what was peculiar about a file."""
        for text in notes:
            self._seen[text] += 1
            if self._seen[text] <= _TOLD:
                self._reporter.warn(f"{self._stage}: {file}: {text}")

    def tell_rest(self) -> None:
        """Tell how many more files there were."""
        for text, count in self._seen.items():
            if count > _TOLD:
                self._reporter.warn(f"{self._stage}: {count - _TOLD:,} more files: {text}")
