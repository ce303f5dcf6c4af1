"""Who is who on a DICOM network: an application entity's title, and where it listens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cxrtune.errors import UsageError

_FORM = re.compile(r"(?P<title>[^@]+)@(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:\[\]]+):(?P<port>\d{1,5})")
_LONGEST_TITLE = 16


@dataclass(frozen=True)
class Peer:
    """An application entity on the network.

    Attributes:
        title: Its application entity title.
        host: Name or address.
        port: 1 to 65535.
    """

    title: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.title}@{host}:{self.port}"


def read_peer(text: str) -> Peer:
    """Read `AET@host:port`; an IPv6 address stands in brackets.

    Raises:
        UsageError: The text is not of that form.
    """
    found = _FORM.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise UsageError(
            f"'{text}' does not say where an archive is",
            remedy="Write AET@host:port, such as ORTHANC@127.0.0.1:4242.",
        )
    return Peer(read_title(found["title"]), found["host"].strip("[]"), int(found["port"]))


def read_title(text: str) -> str:
    """Check an application entity title (PS3.5 6.2, AE): spaces around it mean nothing.

    Raises:
        UsageError: It is empty, too long, or has characters that a title may not have.
    """
    title = text.strip(" ")
    if not 0 < len(title) <= _LONGEST_TITLE or not (title.isascii() and title.isprintable()) or "\\" in title:
        raise UsageError(
            f"'{text}' is no application entity title",
            remedy="A title is 1 to 16 printable ASCII characters without a backslash.",
        )
    return title
