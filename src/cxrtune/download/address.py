"""Web addresses: which ones are taken, and how they are shown."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def is_address(text: str) -> bool:
    """Return whether a text is an http or https address with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that never ends
        return False


def shown(address: str) -> str:
    """Return an address without the user and the password that it may hold."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
