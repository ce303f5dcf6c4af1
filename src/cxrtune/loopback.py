"""Addresses that only this machine can reach."""

from __future__ import annotations

import ipaddress

LOOPBACK = "127.0.0.1"
"""Default address on which a service listens."""
LOOPBACK_NAMES = frozenset({"localhost", LOOPBACK, "::1"})
"""Addresses under which clients on this machine access a service."""
_EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1"}


def is_loopback(host: str) -> bool:
    """Return whether a service that listens on this host can be reached from this machine only.

    Names are not resolved: `localhost` is the only name that counts.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES


def as_seen_from_here(host: str) -> str:
    """Return the address under which this machine can reach a service that listens on a host."""
    return _EVERYWHERE.get(host, host)
