"""What `pip install cxrtune` leaves out, as the user is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cxrtune.errors import UsageError


@contextmanager
def from_extra(extra: str, whose: str) -> Iterator[None]:
    """Import within the block; a package that is missing becomes an error that says how to install it.

    Args:
        extra: That brings the packages, such as `serve`.
        whose: What needs them, in words.

    Raises:
        UsageError: One is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{whose} needs the package {error.name}, which is not installed",
            remedy=f"Install it with: pip install 'cxrtune[{extra}]'",
        ) from error
