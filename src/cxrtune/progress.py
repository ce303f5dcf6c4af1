"""How a stage tells what it is doing without printing: the command line decides what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One piece of work with a known length."""

    def advance(self, steps: int = 1) -> None:
        """Note that `steps` more steps are done."""

    def note(self, text: str) -> None:
        """Show a short text beside the bar, such as the current loss."""


class Reporter(Protocol):
    """What a stage may tell while it works."""

    def say(self, text: str) -> None:
        """Tell a fact worth a line."""

    def warn(self, text: str) -> None:
        """Tell something that was not done, or that the user should look at."""

    def task(self, description: str, total: int) -> AbstractContextManager[Task]:
        """Open a task of `total` steps; it ends with the context."""


class SilentTask:
    """A task that nobody watches."""

    def advance(self, steps: int = 1) -> None:
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
    def task(self, description: str, total: int) -> Iterator[Task]:
        """Yield a task that nobody watches."""
        yield SilentTask()
