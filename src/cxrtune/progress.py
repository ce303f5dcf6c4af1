"""How a stage tells what it is doing without printing: the command line decides what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, Protocol

Unit = Literal["steps", "bytes"]


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
