"""All exceptions of cxrtune: each says what is wrong, where, and what to do about it.

The command line turns every `CxrtuneError` into one or two lines and an exit code; nothing else
in the package prints or exits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cxrtune.shown import fitted, settings_in, shown, without_marks


class CxrtuneError(Exception):
    """The work could not be done.

    Text from a user's files and names is escaped in messages, and truncated if it is long. Settings, and
    stages that fix the problem, are in back quotes: see `cxrtune.shown`.

    Attributes:
        message: What is wrong, with what was found and what was expected.
        path: The file or folder concerned, or None.
        remedy: What the user can do next, or None.
        exit_code: Exit code of the command line: 1 if the work failed, 2 for wrong use.
    """

    exit_code = 1

    def __init__(self, message: str, *, path: Path | str | None = None, remedy: str | None = None) -> None:
        self.message = message
        self.path = None if path is None else Path(path)
        self.remedy = remedy
        super().__init__(message)

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings named in the message and the remedy, such as `out` or `bank.precision`."""
        return settings_in(f"{self.message} {self.remedy or ''}")

    def __reduce__(self) -> tuple[Any, ...]:
        # By default, exceptions are unpickled from their message alone, which most of our classes cannot be.
        return _as_it_was, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        where = "" if self.path is None else f"{without_marks(shown(str(self.path)))}: "
        what_next = "" if self.remedy is None else f"\n{shown(fitted(self.remedy))}"
        return f"{where}{shown(fitted(self.message))}{what_next}"


def _as_it_was(kind: type[CxrtuneError], args: tuple[Any, ...], state: dict[str, Any]) -> CxrtuneError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(CxrtuneError):
    """An argument of the command or the call is not valid."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe has an unknown key or a wrong value.

    Attributes:
        key: The key's dotted path, such as `training.epochs`.
    """

    def __init__(
        self, message: str, *, key: str, path: Path | str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.key = key


class DataError(CxrtuneError):
    """A data folder, a table or a split is not valid."""


class UnreadableImageError(CxrtuneError):
    """An image cannot be decoded to a radiograph.

    Attributes:
        reason: Why, without the name of the file, for a table of unreadable images.
    """

    def __init__(self, reason: str, *, path: Path | str | None = None) -> None:
        super().__init__(reason, path=path)
        self.reason = reason


class DecodingTooSlowError(UnreadableImageError):
    """Decoding an image exceeded the time limit.

    Attributes:
        seconds: The time limit.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"was not decoded within {seconds:g} s")
        self.seconds = seconds


class WeightsError(CxrtuneError):
    """Weights are missing, damaged, or do not match the network."""


class ModelFileError(CxrtuneError):
    """A model file is damaged, or was written for another architecture or other findings."""


class StaleInputError(CxrtuneError):
    """Files that must belong together do not, such as a pack made from another cohort."""


class OutputError(CxrtuneError):
    """An output cannot be written: no space, no permission, or something is already there."""
