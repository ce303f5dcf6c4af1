"""Download a complete data set, several files at a time."""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cxrtune.download.catalogue import Catalogue, CatalogueEntry, is_address, shown
from cxrtune.download.entry_download import UNPACKED_SHARE, DownloadOptions, EntryDownload
from cxrtune.download.part import length_of_part
from cxrtune.download.place import Cancelled, DownloadError, DownloadRecord, held, in_words, require_space
from cxrtune.download.transfer import RetryPolicy
from cxrtune.errors import CxrtuneError, DataError, UsageError
from cxrtune.progress import Reporter

_SECONDS_TO_STOP = 2.0


@dataclass(frozen=True)
class Summary:
    """Contents of the folder after a download.

    Attributes:
        images: Number of images in all folders unpacked from archives.
        unverified: Names of files without a published checksum.
    """

    images: int
    unverified: tuple[str, ...]


@dataclass(frozen=True)
class _Remaining:
    """What still has to be downloaded.

    Attributes:
        files: Number of files that are not complete.
        total: Size of these files in bytes, where known.
        there: Bytes of these files that are already available.
        room: Bytes of free disk space required, including archives together with their contents.
    """

    files: int
    total: int
    there: int
    room: int


@dataclass
class _Outcome:
    failures: list[tuple[CatalogueEntry, CxrtuneError]] = field(default_factory=list)
    crashes: list[BaseException] = field(default_factory=list)


def download(
    catalogue: Catalogue,
    folder: Path,
    *,
    mirror: str | None,
    jobs: int,
    keep_archives: bool,
    retries: RetryPolicy,
    reporter: Reporter,
) -> Summary:
    """Download a data set to a folder; resume any earlier download, however it ended.

    Args:
        catalogue: The contents of the data set.
        folder: Folder to download to; created if it does not exist.
        mirror: An address with all files under their names, to use instead of the catalogue's links.
        jobs: Number of files to download at a time.
        keep_archives: Keep archives after they are unpacked.
        retries: Retry policy for hosts that fail.
        reporter: Receives progress and messages for every file.

    Returns:
        The contents of the folder.

    Raises:
        UsageError: The mirror is not an address, or another download uses the folder.
        CxrtuneError: At least one file could not be completed; all others are complete.
    """
    if mirror is not None and not is_address(mirror):
        raise UsageError(
            f"'{mirror}' is no address of a mirror",
            remedy="Write it like: `mirror=https://example.org/nih`; the files lie there by their names.",
        )
    with held(folder):
        _require_one_layout(catalogue, folder)
        record = DownloadRecord(folder, catalogue.dataset)
        options = DownloadOptions(
            folder=folder,
            mirror=mirror,
            keep_archives=keep_archives,
            retries=retries,
            stop=threading.Event(),
            reporter=reporter,
        )
        left = [entry for entry in catalogue.files if not EntryDownload(entry, record, options).is_done()]
        ahead = _remaining(left, folder, jobs=jobs, keep_archives=keep_archives)
        require_space(folder, ahead.room, f"downloading {catalogue.title}")
        _announce(catalogue, ahead, mirror, folder, reporter)
        with reporter.task("Fetching", ahead.total, unit="bytes") as task:
            task.advance(ahead.there)
            downloads = [EntryDownload(entry, record, options, task) for entry in catalogue.files]
            outcome = _run(downloads, jobs, options.stop)
        _raise_failures(outcome, len(catalogue.files), folder, reporter)
        return _summary(catalogue, record)


def _remaining(left: Sequence[CatalogueEntry], folder: Path, *, jobs: int, keep_archives: bool) -> _Remaining:
    """Return what still has to be downloaded for the incomplete entries."""
    sizes = {entry.name: entry.bytes or 0 for entry in left}
    there = {entry.name: min(_there(folder / entry.name), sizes[entry.name]) for entry in left}
    archives = [entry.name for entry in left if entry.unpack is not None]
    files = [entry.name for entry in left if entry.unpack is None]
    # An archive is removed once it is unpacked, so that there are never more archives than jobs.
    at_once = sorted((sizes[name] for name in archives), reverse=True)[: None if keep_archives else jobs]
    room = sum(sizes[name] - there[name] for name in files)
    room += max(0, sum(at_once) - sum(there[name] for name in archives))
    room += int(sum(sizes[name] for name in archives) * UNPACKED_SHARE)
    return _Remaining(len(left), sum(sizes.values()), sum(there.values()), room)


def _there(path: Path) -> int:
    return path.stat().st_size if path.is_file() else length_of_part(path)


def _require_one_layout(catalogue: Catalogue, folder: Path) -> None:
    """Reject a folder that has `images/`: a cohort would find each image twice."""
    if any(entry.unpack is not None for entry in catalogue.files) and (folder / "images").exists():
        raise DataError(
            "holds images/ already, and every image would be there twice",
            path=folder,
            remedy="Choose an empty folder with `folder`, or move images/ away.",
        )


def _announce(
    catalogue: Catalogue, ahead: _Remaining, mirror: str | None, folder: Path, reporter: Reporter
) -> None:
    if not ahead.files:
        reporter.say(f"{catalogue.title}: all {len(catalogue.files)} files are in their place in {folder}")
        return
    source = "" if mirror is None else f" from {shown(mirror)}"
    reporter.say(
        f"{catalogue.title}: {ahead.files} of {len(catalogue.files)} files to fetch or unpack{source}, "
        f"{in_words(ahead.total - ahead.there)} to fetch, to {folder}"
    )
    reporter.say(f"Terms of use: {catalogue.terms}")
    reporter.say(f"Please cite {catalogue.cite}.")


def _run(downloads: Sequence[EntryDownload], jobs: int, stop: threading.Event) -> _Outcome:
    waiting: queue.SimpleQueue[EntryDownload] = queue.SimpleQueue()
    for one in downloads:
        waiting.put(one)
    outcome = _Outcome()
    # Not Thread.join: in Python 3.11, one interrupted by a signal treats its thread as finished.
    ends = [threading.Event() for _ in range(min(jobs, len(downloads)))]
    try:
        for number, end in enumerate(ends):
            # Daemon threads, so that one waiting for an unresponsive host does not delay the program's exit.
            threading.Thread(
                target=_work, args=(waiting, stop, outcome, end), daemon=True, name=f"download-{number}"
            ).start()
        for end in ends:
            end.wait()
    finally:
        stop.set()
        until = time.monotonic() + _SECONDS_TO_STOP
        for end in ends:
            end.wait(max(0.0, until - time.monotonic()))
    if outcome.crashes:
        raise outcome.crashes[0]
    return outcome


def _work(
    waiting: queue.SimpleQueue[EntryDownload], stop: threading.Event, outcome: _Outcome, end: threading.Event
) -> None:
    try:
        while not stop.is_set():
            one = waiting.get_nowait()
            try:
                one.run()
            except CxrtuneError as error:
                outcome.failures.append((one.entry, error))
    except (queue.Empty, Cancelled):
        pass
    except BaseException as error:  # raised in the main thread
        outcome.crashes.append(error)
        stop.set()
    finally:
        end.set()


def _raise_failures(outcome: _Outcome, files: int, folder: Path, reporter: Reporter) -> None:
    without: dict[str, list[str]] = defaultdict(list)
    for entry, _ in outcome.failures:
        if entry.without is not None:
            without[entry.without].append(entry.name)
    for consequence, names in without.items():
        reporter.warn(f"{', '.join(sorted(names))} not there: {consequence}")
    if len(outcome.failures) == 1:
        raise outcome.failures[0][1]
    if outcome.failures:
        failures = [(entry.name, error) for entry, error in outcome.failures]
        for text in _told_together(failures):
            reporter.warn(text)
        which = _in_short([name for name, _ in failures])
        raise DownloadError(
            f"{len(failures)} of {files} files are not in their place: {which}",
            path=folder,
            remedy="Run the same command again: it goes on with these.",
        )


def _told_together(failures: Sequence[tuple[str, CxrtuneError]]) -> list[str]:
    """Return one message per cause, with the names of all files that it affects."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name, error in sorted(failures, key=lambda failure: failure[0]):
        reason = getattr(error, "reason", None)
        alike[str(error) if reason is None else f"{reason}\n{error.remedy}"].append(name)
    return [f"{', '.join(names)}: {text}" for text, names in alike.items()]


def _in_short(names: Sequence[str]) -> str:
    """Return the first few names, and the number of others."""
    first = sorted(names)[:4]
    return ", ".join(first) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _summary(catalogue: Catalogue, record: DownloadRecord) -> Summary:
    found = {entry.name: record.get(entry.name) for entry in catalogue.files}
    return Summary(
        images=sum(file.unpacked.images for file in found.values() if file and file.unpacked),
        unverified=tuple(name for name, file in found.items() if file and file.verified == "nothing"),
    )
