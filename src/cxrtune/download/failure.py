"""What can go wrong with a download, as the user is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from cxrtune.errors import CxrtuneError


class DownloadError(CxrtuneError):
    """A file could not be fetched, or is not what its publisher says.

    Attributes:
        reason: Why, without names of files, so that what failed alike can be told together; or None.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        remedy: str | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.reason = reason


class Cancelled(Exception):  # noqa: N818  the user's wish, no failure
    """The download was stopped; what is there is kept."""


def told_together(failures: Sequence[tuple[str, CxrtuneError]]) -> list[str]:
    """Return one text for each cause, with the names of all files that it concerns."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name, error in sorted(failures, key=lambda failure: failure[0]):
        reason = getattr(error, "reason", None)
        alike[str(error) if reason is None else f"{reason}\n{error.remedy}"].append(name)
    return [f"{', '.join(names)}: {text}" for text, names in alike.items()]


def in_short(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    first = sorted(names)[:4]
    return ", ".join(first) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
