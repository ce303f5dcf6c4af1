"""Transfer one file completely from its links to its `.part`, whatever the hosts do in the meantime.

pooch deletes the bytes of an interrupted transfer, requests no ranges, and ignores Retry-After.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import requests

from cxrtune.back_off import BackOff
from cxrtune.download.catalogue import CatalogueEntry, shown
from cxrtune.download.client import HostAnswer, Interrupted, Refused, ask
from cxrtune.download.part import PartFile, PartOrigin
from cxrtune.download.place import Cancelled, DownloadError, in_words, require_space
from cxrtune.errors import UsageError
from cxrtune.progress import Reporter

_GZIP = b"\x1f\x8b"
_MEND = (
    "Mend the link in a copy of the catalogue (`catalogue=FILE`), or fetch from elsewhere with `mirror=URL`; "
    "docs/download.md says how."
)

_BACK_OFF = BackOff(first_seconds=1.0, longest_seconds=60.0, chance=0.5)


@dataclass(frozen=True)
class RetryPolicy:
    """When to retry, and when to give up.

    Attributes:
        attempts: Maximum number of consecutive failures without new bytes; new bytes reset the count.
        timeout_seconds: Timeout for a connection, and between two pieces of a response.
        back_off: Waits between attempts; randomized, as the connections of a download fail together.
        longest_asked_seconds: The longest wait that a host may ask for.
    """

    attempts: int = 8
    timeout_seconds: float = 30.0
    back_off: BackOff = _BACK_OFF
    longest_asked_seconds: float = 600.0

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            UsageError: One of them is not valid.
        """
        for name in ("attempts", "timeout_seconds", "longest_asked_seconds"):
            value = getattr(self, name)
            if not value > 0:
                raise UsageError(f"{name} is {value}", remedy="Waits and attempts are positive.")


@dataclass
class Transfer:
    """Transfers one entry.

    Attributes:
        entry: The entry of the catalogue.
        links: Its links, in the order in which they are tried.
        part: The bytes fetched so far.
        retries: Retry policy for hosts that fail.
        stop: Set when the user wants to stop.
        moved: Called with the number of bytes that arrived, or (negative) were discarded.
        noted: Called with the reason why no bytes arrive at the moment.
        reporter: Receives messages about failures.
    """

    entry: CatalogueEntry
    links: Sequence[str]
    part: PartFile
    retries: RetryPolicy
    stop: threading.Event
    moved: Callable[[int], None]
    noted: Callable[[str], None]
    reporter: Reporter

    def run(self, session: requests.Session) -> str:
        """Fetch the missing bytes.

        Returns:
            The link that delivered the last of them.

        Raises:
            DownloadError: No link delivers the file.
            OutputError: The disk is full or the folder cannot be written.
            Cancelled: The download was stopped.
        """
        for number, link in enumerate(self.links):
            origin = self.part.origin
            if origin is not None and self._is_whole(link):
                return origin.link
            try:
                self._fetch(session, link)
                return link
            except Refused as refusal:
                reason, remedy = str(refusal), refusal.remedy or _MEND
            if number + 1 < len(self.links):
                after = shown(self.links[number + 1])
                self.reporter.warn(
                    f"{self.entry.name} does not come from {shown(link)}: {reason}; trying {after}"
                )
        kept = f" ({in_words(self.part.length)} are kept)" if self.part.length else ""
        raise DownloadError(
            f"cannot be fetched from {shown(link)}: {reason}{kept}",
            path=self.part.final,
            remedy=remedy,
            reason=reason,
        )

    def _fetch(self, session: requests.Session, link: str) -> None:
        """Try one link until it delivers the whole file, refuses, or is given up."""
        failures, furthest = 0, self.part.length
        while not self._is_whole(link):
            try:
                if self._attempt(session, link):
                    return
            except Interrupted as trouble:
                failures = 0 if self.part.length > furthest else failures + 1
                furthest = max(furthest, self.part.length)
                self._wait(failures, trouble)

    def _is_whole(self, link: str) -> bool:
        origin = self.part.origin
        if origin is None or not self.part.length:
            return False
        if self.entry.has_checksum:  # then its checksum, not the host, decides whether this is the file
            return any(version.bytes == self.part.length for version in self.entry.known)
        is_of_this_link = origin.link == shown(link) and origin.validator is not None
        return is_of_this_link and origin.total == self.part.length

    def _attempt(self, session: requests.Session, link: str) -> bool:
        """Request missing bytes; return False if available ones are discarded and all must be requested."""
        origin, offset, validator = self.part.origin, self.part.length, None
        if origin is not None and origin.link == shown(link):
            validator = origin.validator
        elif not self.entry.has_checksum:
            offset = 0  # bytes of two hosts are combined only if the checksum can be verified
        timeout = self.retries.timeout_seconds
        with ask(session, link, offset=offset, validator=validator, timeout=timeout) as answer:
            if answer.start is None and answer.total == offset:
                return True
            if answer.start is None or (answer.start and self._is_of_another_version(answer, link)):
                self._give_up_bytes()
                return False
            if answer.start == 0:
                self._begin(PartOrigin(shown(link), answer.validator, answer.total))
            self._take(answer)
        if answer.total is not None and self.part.length != answer.total:
            raise Interrupted(f"the answer ended after {self.part.length:,} of {answer.total:,} bytes")
        return True

    def _is_of_another_version(self, answer: HostAnswer, link: str) -> bool:
        """Return whether a host that was asked for the rest of one version responds with another version."""
        origin = self.part.origin
        if origin is None:
            return True
        if None not in (origin.total, answer.total) and origin.total != answer.total:
            return True
        validators = (origin.validator, answer.validator)
        return origin.link == shown(link) and None not in validators and validators[0] != validators[1]

    def _give_up_bytes(self) -> None:
        self._tell_of_loss()
        self.part.remove()

    def _tell_of_loss(self) -> None:
        if not self.part.length:
            return
        self.moved(-self.part.length)
        self.reporter.warn(
            f"{self.entry.name} is fetched from its beginning again, as the host does not go on where it "
            f"broke off; {in_words(self.part.length)} are given up"
        )

    def _begin(self, origin: PartOrigin) -> None:
        if origin.total is not None:
            if not self.entry.may_have(origin.total):
                known = " or ".join(f"{version.bytes:,}" for version in self.entry.known)
                raise Refused(f"it has {origin.total:,} bytes there, and {known} are published")
            require_space(self.part.final.parent, origin.total - self.part.length, self.entry.name)
        self._tell_of_loss()
        self.part.begin(origin)

    def _take(self, answer: HostAnswer) -> None:
        most = self._most(answer)
        for piece in answer.pieces:
            if self.stop.is_set():
                raise Cancelled
            if not self.part.length and self.entry.unpack is not None and not piece.startswith(_GZIP):
                raise Refused("what it gives is no .tar.gz archive")
            if self.part.length + len(piece) > most:
                self._give_up_bytes()
                raise Interrupted(f"it gives more than the {most:,} bytes of the file")
            self.part.append(piece)
            self.moved(len(piece))

    def _most(self, answer: HostAnswer) -> int:
        """Return the maximum size of the file, so that an endless response does not fill the disk."""
        if answer.total is not None:
            return answer.total
        return max((version.bytes or sys.maxsize for version in self.entry.known), default=sys.maxsize)

    def _wait(self, failures: int, trouble: Interrupted) -> None:
        if failures >= self.retries.attempts:
            raise Refused(
                f"{trouble}, {f'{failures} times in a row' if failures > 1 else 'and it was tried once'}",
                remedy="Run the same command again later, it goes on from there; or name a `mirror=URL`.",
            )
        asked = trouble.wait_seconds
        if asked is not None and asked > self.retries.longest_asked_seconds:
            raise Refused(
                f"{trouble}, and asks to be left alone for {asked:,.0f} seconds",
                remedy="Run the same command again then; what was fetched is kept.",
            )
        seconds = self.retries.back_off.seconds(failures)
        seconds = seconds if asked is None else max(asked, seconds)
        self.noted(f"{self.entry.name}: {trouble}; again in {seconds:.0f} s")
        if self.stop.wait(seconds):
            raise Cancelled
        self.noted("")
