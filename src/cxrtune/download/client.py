"""A single request to a host for a file, or the rest of one, as defined in RFC 9110."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from cxrtune.download.catalogue import is_address

_PIECE = 1 << 16  # the most that an interruption can lose, as an incomplete piece is discarded
_REDIRECTS = 5
# 202: Box responds with this status for a file that it is still fetching from its own store.
_WORTH_ANOTHER_ATTEMPT = frozenset({202, 408, 421, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


class Interrupted(Exception):  # noqa: N818  caused by the host, and not final
    """An attempt failed, but another one may succeed.

    Attributes:
        wait_seconds: How long the host asks clients to wait, or None.
    """

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class Refused(Exception):  # noqa: N818
    """The host will not serve this file, however often it is requested.

    Attributes:
        remedy: What the user can do, if it is something other than correcting the link.
    """

    def __init__(self, reason: str, remedy: str | None = None) -> None:
        super().__init__(reason)
        self.remedy = remedy


@dataclass(frozen=True)
class HostAnswer:
    """The headers of a response that delivers bytes, and the bytes.

    Attributes:
        start: Offset of the first byte in the file; None if no bytes follow, as the file has no more.
        total: Size of the whole file, if the host reports it.
        validator: The strong ETag or the Last-Modified date, or None.
        pieces: The bytes as they arrive.
    """

    start: int | None
    total: int | None
    validator: str | None
    pieces: Iterator[bytes]


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Disable redirects in requests: they are followed here, without reading their bodies."""


def new_session() -> requests.Session:
    """Return a session; proxies, certificates and passwords are configured as for requests."""
    session = _Session()
    # With a compressed transfer the bytes, and their ranges, would not be those of the file.
    session.headers.update({"User-Agent": f"cxrtune/{version('cxrtune')}", "Accept-Encoding": "identity"})
    return session


@contextmanager
def ask(
    session: requests.Session, link: str, *, offset: int, validator: str | None, timeout: float
) -> Iterator[HostAnswer]:
    """Request the bytes of a file starting at `offset`.

    Args:
        session: Session with the connection settings.
        link: Address of the file.
        offset: Number of bytes that are already available.
        validator: Identifies the version of these bytes; the host sends all bytes if it has another version.
        timeout: Timeout for the connection, and between two pieces, in seconds.

    Yields:
        The response. It starts at `offset`, at 0 if the host sends the whole file, or has no bytes left.

    Raises:
        Interrupted: Another attempt may succeed.
        Refused: Another attempt cannot succeed.
    """
    headers = {}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if validator is not None:
            headers["If-Range"] = validator
    with _naming_errors():
        response = _follow(session, link, headers, timeout)
    with response:
        yield _read(response, offset)


def _follow(
    session: requests.Session, link: str, headers: dict[str, str], timeout: float
) -> requests.Response:
    for _ in range(_REDIRECTS + 1):
        response = session.get(link, headers=headers, stream=True, timeout=timeout)
        if response.status_code not in (301, 302, 303, 307, 308):
            return response
        response.close()
        target = _target(link, response.headers.get("Location", ""))
        if not is_address(target) or target == link:
            raise Refused("it redirects to nowhere")
        if urlsplit(link).scheme == "https" and urlsplit(target).scheme == "http":
            raise Refused(f"it redirects from https to http, to {urlsplit(target).hostname}")
        link = target
    raise Refused(f"it redirects more than {_REDIRECTS} times, in a circle perhaps")


def _target(link: str, location: str) -> str:
    try:
        return urljoin(link, location)
    except ValueError:  # an unclosed bracket
        return ""


def _read(response: requests.Response, offset: int) -> HostAnswer:
    status = response.status_code
    validator = _validator(response)
    if status == 416 and offset:
        _, total = _content_range(response)
        return HostAnswer(None, total, validator, iter(()))
    if status not in (200, 206):
        _refuse(response)
    if "html" in response.headers.get("Content-Type", "").lower():
        raise Refused("it answers with a web page instead of the file")
    length = _whole_number(response.headers.get("Content-Length"))
    if status == 200:
        return HostAnswer(0, length, validator, _pieces(response))
    start, total = _content_range(response)
    if start != offset:
        got = response.headers.get("Content-Range", "none")
        raise Interrupted(f"it answers with another range (asked for bytes {offset}-, got {got})")
    if total is not None and length is not None and length > total - offset:
        raise Interrupted(f"it announces {length} bytes where {total - offset} are left")
    return HostAnswer(start, total, validator, _pieces(response))


def _refuse(response: requests.Response) -> None:
    reason = f"{response.status_code} {response.reason or ''}".strip()
    if response.status_code in _WORTH_ANOTHER_ATTEMPT:
        raise Interrupted(f"it answers {reason}", _retry_after(response))
    raise Refused(f"it answers {reason}")


def _validator(response: requests.Response) -> str | None:
    # RFC 9110, 13.1.5: a weak ETag does not identify bytes, and must not be used in If-Range.
    tag = response.headers.get("ETag")
    if tag is not None and tag.startswith('"'):
        return tag
    return response.headers.get("Last-Modified")


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """Return the offset of the bytes and the size of the whole file, if the response has them."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if found is None:
        return None, None
    start, last, total = (None if text in (None, "*") else int(text) for text in found.groups())
    if start is None or last is None or last < start or (total is not None and last >= total):
        return None, total
    return start, total


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _whole_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None


def _pieces(response: requests.Response) -> Iterator[bytes]:
    # Raw bytes: an archive that is labelled as a compressed transfer must not be decompressed.
    with _naming_errors():
        yield from response.raw.stream(_PIECE, decode_content=False)


@contextmanager
def _naming_errors() -> Iterator[None]:
    """Convert the libraries' errors to those of this module."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise Refused(
            f"its certificate is not trusted ({_cause(error)})",
            remedy="Name the certificates to trust, as a file, in the variable REQUESTS_CA_BUNDLE.",
        ) from error
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise Interrupted("the host does not answer") from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader) as error:
        raise Refused("its address, or one that it redirects to, cannot be meant") from error
    except requests.exceptions.ConnectionError as error:
        raise Interrupted(f"the host cannot be reached ({_cause(error)})") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Interrupted("the connection broke") from error


def _cause(error: BaseException) -> str:
    """Return the innermost cause of an error, without the libraries' wrappers."""
    inner = error
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    words = getattr(inner, "verify_message", None) or getattr(inner, "strerror", None) or type(inner).__name__
    return str(words).lower()
