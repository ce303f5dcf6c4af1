"""An error of a worker on another machine, as text: what a cluster hands over is not unpickled."""

from __future__ import annotations

import json
from pathlib import Path

from cxrtune import errors
from cxrtune.errors import CxrtuneError


def as_text(error: Exception) -> str:
    """Return an error as JSON; one that is not of our family keeps its name and its first line."""
    if not isinstance(error, CxrtuneError):
        message = f"{type(error).__name__}: {(str(error).strip().splitlines() or ['no more is known'])[0]}"
        error = CxrtuneError(f"a worker failed with {message}")
    path = None if error.path is None else str(error.path)
    return json.dumps([type(error).__name__, error.message, path, error.remedy])


def from_text(text: str) -> CxrtuneError:
    """Return the error that `as_text` wrote."""
    name, message, path, remedy = json.loads(text)
    kind = getattr(errors, name, CxrtuneError)
    if kind is errors.UnreadableImageError or not issubclass(kind, CxrtuneError):
        kind = CxrtuneError
    error: CxrtuneError = kind(message, path=None if path is None else Path(path), remedy=remedy)
    return error
