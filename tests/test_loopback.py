"""Which addresses only this machine reaches."""

import pytest

from cxrtune.loopback import LOOPBACK, LOOPBACK_NAMES, as_seen_from_here, is_loopback


@pytest.mark.parametrize("host", [LOOPBACK, "127.0.0.53", "::1", "localhost", *sorted(LOOPBACK_NAMES)])
def test_what_is_loopback(host):
    assert is_loopback(host)


# The third begins with 127 and is anybody's: a name of a host elsewhere may.
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.example.org", "192.168.1.7", "example.org", ""])
def test_what_is_not(host):
    assert not is_loopback(host)


def test_what_listens_everywhere_is_reached_on_loopback():
    assert [as_seen_from_here(host) for host in ("0.0.0.0", "::", "192.168.1.7", "::1")] == [
        *("127.0.0.1", "::1", "192.168.1.7", "::1")
    ]
