"""What can go wrong with a download, as the user is told."""

from __future__ import annotations

from cxrtune.errors import CxrtuneError


class DownloadError(CxrtuneError):
    """A file could not be fetched, or is not what its publisher says."""


class Cancelled(Exception):  # noqa: N818  the user's wish, no failure
    """The download was stopped; what is there is kept."""
