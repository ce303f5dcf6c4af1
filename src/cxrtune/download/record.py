"""`download.json`: what was fetched, from where, what it was verified by, and what became of it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cxrtune.download.place import writing_to
from cxrtune.errors import DataError
from cxrtune.files import write_text

RECORD = "download.json"


class _RecordPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Unpacked(_RecordPart):
    """What an archive became.

    Attributes:
        folder: In the data folder.
        images: How many it held.
        bytes: All of them together.
    """

    folder: str
    images: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]


class Fetched(_RecordPart):
    """One file.

    Attributes:
        bytes: Its size.
        sha256: Its SHA-256: as it is published, or else as it came.
        link: Where it came from; None: it was in the folder already.
        when: UTC.
        verified: By which published sum: `sha256`, `md5`, or `nothing`.
        unpacked: What became of an archive.
        kept: Whether the file itself stays after it is unpacked.
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
    """The record of one data folder; threads may write to it at once."""

    def __init__(self, folder: Path, dataset: str) -> None:
        """Read it, if there is one.

        Raises:
            DataError: It is damaged, or that of another data set.
        """
        self._path = folder / RECORD
        self._dataset = dataset
        self._lock = threading.Lock()
        self._files = self._read()

    def get(self, name: str) -> Fetched | None:
        """Return what is recorded of a file."""
        return self._files.get(name)

    def put(self, name: str, fetched: Fetched) -> None:
        """Record a file; on return it is on disk.

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
    """Return the time as a record tells it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
