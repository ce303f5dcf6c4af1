"""One question to a host: a file, or the rest of one, as RFC 9110 has it."""

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

_PIECE = 1 << 16  # what a break can cost, as a piece that is cut short is lost
_REDIRECTS = 5
# 202: Box says so of a file that it still fetches from its own store.
_WORTH_ANOTHER_ATTEMPT = frozenset({202, 408, 421, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


class Interrupted(Exception):  # noqa: N818  the host's doing, and not the end of it
    """An attempt failed; another one may not.

    Attributes:
        wait_seconds: How long the host asks to be left alone, or None.
    """

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class Refused(Exception):  # noqa: N818
    """The host will not give this file, however often it is asked.

    Attributes:
        remedy: What the user can do, where it is another thing than to mend the link.
    """

    def __init__(self, reason: str, remedy: str | None = None) -> None:
        super().__init__(reason)
        self.remedy = remedy


@dataclass(frozen=True)
class HostAnswer:
    """The head of an answer that brings bytes, and the bytes.

    Attributes:
        start: Where in the file the first byte belongs; None: nothing comes, as the file has no more bytes.
        total: The size of the whole file, if the host told.
        validator: The strong ETag or the Last-Modified, or None.
        pieces: The bytes as they come.
    """

    start: int | None
    total: int | None
    validator: str | None
    pieces: Iterator[bytes]


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that nothing is a redirect: they are followed here, where their bodies are not read."""


def new_session() -> requests.Session:
    """Return a session; proxies, certificates and passwords are taken from where requests takes them."""
    session = _Session()
    # A compressed transfer would have other bytes than the file, and ranges of these other bytes.
    session.headers.update({"User-Agent": f"cxrtune/{version('cxrtune')}", "Accept-Encoding": "identity"})
    return session


@contextmanager
def ask(
    session: requests.Session, link: str, *, offset: int, validator: str | None, timeout: float
) -> Iterator[HostAnswer]:
    """Ask for the bytes of a file from `offset` on.

    Args:
        session: The connection's settings.
        link: The file's address.
        offset: How many bytes are there already.
        validator: Of the version that they are from; the host gives all bytes anew if it has another.
        timeout: For the connection, and between two pieces; seconds.

    Yields:
        The answer. It begins at `offset`, or at 0 where the host begins anew, or says that nothing is left.

    Raises:
        Interrupted: Another attempt is worth it.
        Refused: None is.
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
    except ValueError:  # a bracket that never ends
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
    # RFC 9110, 13.1.5: a weak ETag says nothing about bytes, and must not stand in If-Range.
    tag = response.headers.get("ETag")
    if tag is not None and tag.startswith('"'):
        return tag
    return response.headers.get("Last-Modified")


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """Return where the bytes begin and how large the whole is, as far as the answer tells."""
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
    # The raw bytes: an archive that is labelled as a compressed transfer is still the archive.
    with _naming_errors():
        yield from response.raw.stream(_PIECE, decode_content=False)


@contextmanager
def _naming_errors() -> Iterator[None]:
    """Turn the libraries' errors into ours."""
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
    """Return the innermost reason of an error, without what the libraries wrap around it."""
    inner = error
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    words = getattr(inner, "verify_message", None) or getattr(inner, "strerror", None) or type(inner).__name__
    return str(words).lower()
