"""The one family of errors: each says what is wrong, where, and what to do about it.

The command line turns every `CxrtuneError` into one or two lines and an exit code; nothing else
in the package prints or exits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cxrtune.shown import fitted, settings_in, shown, without_marks


class CxrtuneError(Exception):
    """The work could not be done.

    What a user's files and names put into a message is escaped, and cut off where it is long. A setting, and
    a stage that mends what is wrong, stand in back quotes: see `cxrtune.shown`.

    Attributes:
        message: What is wrong, with what was found and what was expected.
        path: The file or folder concerned, or None.
        remedy: What the user can do next, or None.
        exit_code: What the command line exits with: 1 the work failed, 2 wrong use.
    """

    exit_code = 1

    def __init__(self, message: str, *, path: Path | str | None = None, remedy: str | None = None) -> None:
        self.message = message
        self.path = None if path is None else Path(path)
        self.remedy = remedy
        super().__init__(message)

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that the message and the remedy speak of, such as `out` or `bank.precision`."""
        return settings_in(f"{self.message} {self.remedy or ''}")

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are made again from their message alone, which most of ours cannot be.
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
    """The command or the call was given something that cannot be meant."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe has an unknown or a wrong key.

    Attributes:
        key: The key's dotted path, such as `training.epochs`.
    """

    def __init__(
        self, message: str, *, key: str, path: Path | str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.key = key


class DataError(CxrtuneError):
    """A data folder, a table or a split is not what it should be."""


class UnreadableImageError(CxrtuneError):
    """An image's bytes give no radiograph.

    Attributes:
        reason: Why, without the file's name, fit for a table of unreadable images.
    """

    def __init__(self, reason: str, *, path: Path | str | None = None) -> None:
        super().__init__(reason, path=path)
        self.reason = reason


class DecodingTooSlowError(UnreadableImageError):
    """An image took longer to decode than it may.

    Attributes:
        seconds: How long it may take.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"was not decoded within {seconds:g} s")
        self.seconds = seconds


class WeightsError(CxrtuneError):
    """Weights are missing, damaged, or not those of the network that asks for them."""


class ModelFileError(CxrtuneError):
    """A model file is damaged, or was written for another architecture or other findings."""


class StaleInputError(CxrtuneError):
    """Two files that must belong together do not: a pack made from another cohort, for one."""


class OutputError(CxrtuneError):
    """An output cannot be written: no space, no permission, or something is already there."""
