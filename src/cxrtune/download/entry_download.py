"""Download one entry of the catalogue, from its current state to its final state in the folder."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

from cxrtune.download.archive import DamagedError, hidden_folder, unpack_archive
from cxrtune.download.catalogue import CatalogueEntry, Unpack, shown
from cxrtune.download.client import new_session
from cxrtune.download.part import PartFile, Sums, sums_of, verified_by, wrong
from cxrtune.download.place import (
    DownloadError,
    DownloadRecord,
    Fetched,
    in_words,
    now,
    require_space,
    writing_to,
)
from cxrtune.download.transfer import RetryPolicy, Transfer
from cxrtune.errors import DataError
from cxrtune.progress import Reporter, SilentTask, Task

UNPACKED_SHARE = 1.02  # of an archive's size: PNG files do not shrink, and tar adds little


@dataclass(frozen=True)
class DownloadOptions:
    """Options that apply to every file of a download.

    Attributes:
        folder: The data folder.
        mirror: Address with all files under their names; None to use the catalogue's links.
        keep_archives: Keep archives after they are unpacked.
        retries: Retry policy for hosts that fail.
        stop: Set when the user wants to stop.
        reporter: Receives progress and messages.
    """

    folder: Path
    mirror: str | None
    keep_archives: bool
    retries: RetryPolicy
    stop: threading.Event
    reporter: Reporter


@dataclass
class EntryDownload:
    """Completes one entry; can start from any state, which is given by the folder and the record.

    Attributes:
        entry: The entry of the catalogue.
        record: Record of what was done before.
        options: Options of the whole download.
        task: Receives the progress in bytes.
    """

    entry: CatalogueEntry
    record: DownloadRecord
    options: DownloadOptions
    task: Task = field(default_factory=SilentTask)

    @property
    def _path(self) -> Path:
        return self.options.folder / self.entry.name

    def run(self) -> None:
        """Fetch, verify, record and unpack what is missing.

        Raises:
            CxrtuneError: The entry cannot be completed; what is available is kept.
            Cancelled: The user wants to stop.
        """
        if self.is_done():
            self._tidy()
            return
        fetched = self._here() or self._fetch(attempts=2)
        if self.entry.unpack is None:
            return
        try:
            self._unpack(fetched, self.entry.unpack)
        except DamagedError:
            if fetched.link is None or fetched.verified != "nothing":
                raise
            # It came from a host and could not be verified: the host may now have a better version.
            self.options.reporter.warn(f"{self.entry.name} is damaged; it is fetched once more")
            self._remove_file()
            self._unpack(self._fetch(attempts=1), self.entry.unpack)

    def is_done(self) -> bool:
        """Return whether nothing is left to do, according to the record and the folder."""
        fetched = self.record.get(self.entry.name)
        if fetched is None:
            return False
        if self.entry.unpack is None:
            return self._path.is_file() and sums_of(self._path).sha256 == fetched.sha256
        if fetched.unpacked is None:
            return False
        place = self.options.folder / fetched.unpacked.folder / self.entry.unpack.inside
        return place.is_dir() and sum(1 for _ in place.iterdir()) >= fetched.unpacked.images

    def _tidy(self) -> None:
        """Finish what a process that was killed after recording could no longer do."""
        fetched = self.record.get(self.entry.name)
        if self.entry.unpack is not None and fetched is not None:
            shutil.rmtree(hidden_folder(self.options.folder / self.entry.unpack.folder), ignore_errors=True)
            # A file that someone has placed there since belongs to them.
            is_ours = not fetched.kept and self._path.is_file()
            if is_ours and sums_of(self._path).sha256 == fetched.sha256:
                self._drop_archive(fetched)

    def _here(self) -> Fetched | None:
        """Return the file that is already available and verified; None if it must be fetched."""
        if not self._path.exists():
            return None
        if not self._path.is_file():
            raise DataError("is no file", path=self._path, remedy="Move it away, and start again.")
        known, sums = self.record.get(self.entry.name), sums_of(self._path)
        if known is not None:
            if sums.sha256 != known.sha256:
                raise DataError(
                    "was changed since it was fetched: its SHA-256 is not the recorded one",
                    path=self._path,
                    remedy="Move it away, and the same command fetches it again.",
                )
            return known
        problem = wrong(self.entry, sums)
        if problem is not None:
            raise DataError(
                f"is there, but is not the published file: {problem}",
                path=self._path,
                remedy="Move it away, and the same command fetches it.",
            )
        self.options.reporter.say(f"{self.entry.name}: was here already, {self._in_words(sums)}")
        return self._put(sums, None)

    def _fetch(self, attempts: int) -> Fetched:
        part = PartFile(self._path)
        for left in reversed(range(attempts)):
            transfer = Transfer(
                self.entry,
                self._links(),
                part,
                retries=self.options.retries,
                stop=self.options.stop,
                moved=self._moved,
                noted=self.task.note,
                reporter=self.options.reporter,
            )
            with new_session() as session:
                link = transfer.run(session)
            sums = part.sums
            problem = wrong(self.entry, sums)
            if problem is None:
                self._compare_with_before(sums)
                # Recorded before it gets its name: a file without a record belongs to the user, and is kept.
                fetched = self._put(sums, shown(link))
                part.complete()
                self.options.reporter.say(f"{self.entry.name}: fetched, {self._in_words(sums)}")
                return fetched
            self._moved(-part.length)
            part.remove()
            if left:
                self.options.reporter.warn(
                    f"{self.entry.name} came wrong ({problem}); it is fetched once more"
                )
        raise DownloadError(
            f"came wrong twice from {shown(link)}: {problem}",
            path=self._path,
            remedy="Nothing of it was kept. Fetch it from elsewhere with `mirror=URL`, or mend its checksum.",
        )

    def _compare_with_before(self, sums: Sums) -> None:
        before = self.record.get(self.entry.name)
        if before is not None and before.sha256 != sums.sha256:
            self.options.reporter.warn(
                f"{self.entry.name} is another file than the one that was fetched here on {before.when}"
            )

    def _moved(self, count: int) -> None:
        """Report bytes that arrived, or (negative) were discarded."""
        if self.entry.bytes is None:  # the total was not known in advance
            self.task.lengthen(count)
        self.task.advance(count)

    def _links(self) -> tuple[str, ...]:
        if self.options.mirror is None:
            return self.entry.links
        return (f"{self.options.mirror.rstrip('/')}/{self.entry.name}",)

    def _unpack(self, fetched: Fetched, unpack: Unpack) -> None:
        self.task.note(f"unpacking {self.entry.name}")
        wanted = int(fetched.bytes * UNPACKED_SHARE)
        require_space(self.options.folder, wanted, f"unpacking {self.entry.name}")
        unpacked = unpack_archive(self._path, self.options.folder / unpack.folder, unpack, self.options.stop)
        self.task.note("")
        # What was here before the first download belongs to the user, and is kept.
        keep = self.options.keep_archives or fetched.link is None
        fetched = fetched.model_copy(update={"unpacked": unpacked, "kept": keep})
        self.record.put(self.entry.name, fetched)
        self._drop_archive(fetched)
        self.options.reporter.say(
            f"{self.entry.name}: {unpacked.images:,} images in {unpack.folder}/{unpack.inside}/"
        )

    def _drop_archive(self, fetched: Fetched) -> None:
        if not fetched.kept:
            self._remove_file()

    def _remove_file(self) -> None:
        with writing_to(self._path):
            self._path.unlink(missing_ok=True)

    def _put(self, sums: Sums, link: str | None) -> Fetched:
        fetched = Fetched(
            bytes=sums.bytes,
            sha256=sums.sha256,
            link=link,
            when=now(),
            verified=verified_by(self.entry, sums),
        )
        self.record.put(self.entry.name, fetched)
        return fetched

    def _in_words(self, sums: Sums) -> str:
        published = {
            "sha256": "SHA-256 as published",
            "md5": "MD5 as published",
            "nothing": "not verified, as no checksum is published",
        }
        return f"{in_words(sums.bytes)}, {published[verified_by(self.entry, sums)]}"
