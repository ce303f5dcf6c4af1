"""The data folder: its lock, free space and record; and the errors of a download.

The record, `download.json`, lists what was fetched, from where, how it was verified, and what became of it.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cxrtune.errors import CxrtuneError, DataError, OutputError, UsageError
from cxrtune.files import naming_output_errors, write_text
from cxrtune.locks import take_lock

RECORD = "download.json"
LOCK = ".download.lock"
_KEPT = "what was fetched is kept, and the same command goes on"


class DownloadError(CxrtuneError):
    """A file could not be fetched, or does not match what its publisher states.

    Attributes:
        reason: The reason without file names, so that equal failures can be reported together; or None.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        remedy: str | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message, path=path, remedy=remedy)
        self.reason = reason


class Cancelled(Exception):  # noqa: N818  requested by the user, not a failure
    """The download was stopped; what was fetched is kept."""


def writing_to(path: Path) -> AbstractContextManager[None]:
    """Convert write errors to an `OutputError` that names the data folder and says how to resume."""
    return naming_output_errors(path, left=_KEPT, setting="folder")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Create a folder, and lock it for a single download.

    Raises:
        UsageError: Another download uses the folder.
        OutputError: The folder cannot be created or written.
    """
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = take_lock(folder / LOCK)
    if lock is None:
        raise UsageError(
            "another download works on this folder", path=folder, remedy="Let it end, or stop it first."
        )
    with lock:
        yield


def require_space(folder: Path, wanted: int, what: str) -> None:
    """Check that a disk has enough free space.

    Args:
        folder: A folder on it.
        wanted: Required number of bytes.
        what: Description of what needs the space.

    Raises:
        OutputError: There is not enough free space.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise OutputError(
            f"{what} needs {in_words(wanted)}, and the disk has {in_words(free)} free",
            path=folder,
            remedy=f"Free some space, or choose another place with `folder`; {_KEPT}.",
        )


def in_words(count: int) -> str:
    """Format a number of bytes for people."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


class _RecordPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Unpacked(_RecordPart):
    """The result of unpacking an archive.

    Attributes:
        folder: Name of the folder in the data folder.
        images: Number of images.
        bytes: Total size of the images.
    """

    folder: str
    images: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]


class Fetched(_RecordPart):
    """One file.

    Attributes:
        bytes: Size of the file.
        sha256: SHA-256: as published, or otherwise as downloaded.
        link: Where it came from; None if it was already in the folder.
        when: Time in UTC.
        verified: The published checksum that was verified: `sha256`, `md5`, or `nothing`.
        unpacked: Result of unpacking, if it is an archive.
        kept: Whether the file itself is kept after unpacking.
    """

    bytes: Annotated[int, Field(ge=0)]
    sha256: str
    link: str | None
    when: str
    verified: str
    unpacked: Unpacked | None = None
    kept: bool = True


class _Content(_RecordPart):
    dataset: str
    cxrtune: str
    files: dict[str, Fetched]


class DownloadRecord:
    """The record of one data folder; several threads may write to it at the same time."""

    def __init__(self, folder: Path, dataset: str) -> None:
        """Read the record, if there is one.

        Raises:
            DataError: The record is damaged, or is that of another data set.
        """
        self._path = folder / RECORD
        self._dataset = dataset
        self._lock = threading.Lock()
        self._files = self._read()

    def get(self, name: str) -> Fetched | None:
        """Return the record of a file."""
        return self._files.get(name)

    def put(self, name: str, fetched: Fetched) -> None:
        """Record a file; when this returns, the record is on disk.

        Raises:
            OutputError: The disk is full or the folder cannot be written.
        """
        with self._lock:
            files = self._files | {name: fetched}
            content = _Content(
                dataset=self._dataset, cxrtune=version("cxrtune"), files=dict(sorted(files.items()))
            )
            write_text(self._path, content.model_dump_json(indent=2) + "\n", writing_to)
            self._files = files

    def _read(self) -> dict[str, Fetched]:
        if not self._path.is_file():
            return {}
        try:
            content = _Content.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError) as error:
            raise DataError(
                "is no record of a download, or damaged",
                path=self._path,
                remedy="Move it away; the next download verifies what is there and writes another.",
            ) from error
        if content.dataset != self._dataset:
            raise DataError(
                f"says that '{content.dataset}' was downloaded here, not '{self._dataset}'",
                path=self._path,
                remedy="Choose another folder with `folder`.",
            )
        return content.files


def now() -> str:
    """Return the current time in the format of a record."""
    return datetime.now(UTC).isoformat(timespec="seconds")
