"""A file that is being fetched: `NAME.part`, the origin of its bytes, and their verification."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from cxrtune.download.catalogue import CatalogueEntry, Known
from cxrtune.download.place import writing_to
from cxrtune.errors import DataError
from cxrtune.files import sync_file, write_text

_BLOCK = 1 << 20


class Sums:
    """Count and checksums of the bytes added so far.

    Attributes:
        bytes: Number of bytes.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)

    @property
    def sha256(self) -> str:
        """SHA-256 in lower-case hexadecimal digits."""
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        """MD5 in lower-case hexadecimal digits."""
        return self._md5.hexdigest()

    def add(self, block: bytes | memoryview) -> None:
        """Add bytes."""
        self._sha256.update(block)
        self._md5.update(block)
        self.bytes += len(block)

    def add_rest(self, stream: IO[bytes]) -> None:
        """Add the remaining bytes of a file."""
        while block := stream.read(_BLOCK):
            self.add(block)


@dataclass(frozen=True)
class PartOrigin:
    """File and version that the bytes are from.

    Attributes:
        link: Address from which they were requested, without a password.
        validator: The strong ETag or the Last-Modified date of the response, or None.
        total: Size of the whole file, if the host reports it.
    """

    link: str
    validator: str | None
    total: int | None


class PartFile:
    """The bytes fetched so far of a file that will be named `final`, and their checksums.

    The process may be killed at any time: bytes are only appended, and their origin is written
    before the first of them.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path = final.with_name(f"{final.name}.part")
        self._note = final.with_name(f"{final.name}.part.json")
        self.origin = self._read_origin()
        self.sums = Sums()
        if self.origin is not None:
            with self.path.open("rb") as stream:
                self.sums.add_rest(stream)

    @property
    def length(self) -> int:
        """Number of available bytes."""
        return self.sums.bytes

    def begin(self, origin: PartOrigin) -> None:
        """Start again, with bytes of `origin`.

        Raises:
            OutputError: The disk is full or the folder cannot be written.
        """
        with writing_to(self.final):
            self.path.write_bytes(b"")
        self.sums = Sums()
        write_text(self._note, json.dumps(asdict(origin)) + "\n", lambda _: writing_to(self.final))
        self.origin = origin

    def append(self, block: bytes) -> None:
        """Add bytes.

        Raises:
            OutputError: The disk is full.
        """
        with writing_to(self.final), self.path.open("ab", buffering=0) as stream:
            rest = memoryview(block)
            while rest:
                # When a disk fills up, some of the bytes are written: they count, and the next write fails.
                written = stream.write(rest)
                self.sums.add(rest[:written])
                rest = rest[written:]

    def complete(self) -> None:
        """Sync the bytes and rename the file to its final name.

        Raises:
            OutputError: The folder cannot be written.
        """
        with writing_to(self.final):
            with self.path.open("ab") as stream:
                sync_file(stream)
            self.path.replace(self.final)
            self._note.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the bytes, because they are not as expected."""
        with writing_to(self.final):
            self.path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)
        self.sums, self.origin = Sums(), None

    def _read_origin(self) -> PartOrigin | None:
        """Return the origin of the available bytes; None if there are none, or their origin is unknown."""
        if not self.path.is_file():
            return None
        try:
            return PartOrigin(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def length_of_part(final: Path) -> int:
    """Return the number of available bytes of a file, without reading them."""
    try:
        return os.stat(final.with_name(f"{final.name}.part")).st_size  # noqa: PTH116  the name says it all
    except OSError:
        return 0


def sums_of(path: Path) -> Sums:
    """Read a file and compute its checksums.

    Raises:
        DataError: The file cannot be read.
    """
    sums = Sums()
    try:
        with path.open("rb") as stream:
            sums.add_rest(stream)
    except OSError as error:
        raise DataError(
            f"cannot be read: {(error.strerror or 'unknown cause').lower()}",
            path=path,
            remedy="Move it away, and the same command fetches it.",
        ) from error
    return sums


def wrong(entry: CatalogueEntry, sums: Sums) -> str | None:
    """Return how a file differs from the published one; None if all known properties match."""
    problems = [_difference(version, sums) for version in entry.known]
    return problems[0] if problems and None not in problems else None


def verified_by(entry: CatalogueEntry, sums: Sums) -> str:
    """Return the published checksum that a correct file matches: `sha256`, `md5`, or `nothing`."""
    for version in entry.known:
        if _difference(version, sums) is None:
            return "sha256" if version.sha256 else "md5" if version.md5 else "nothing"
    return "nothing"


def _difference(version: Known, sums: Sums) -> str | None:
    if version.bytes not in (None, sums.bytes):
        return f"{sums.bytes:,} bytes, published {version.bytes:,}"
    for name, published, got in (
        ("SHA-256", version.sha256, sums.sha256),
        ("MD5", version.md5, sums.md5),
    ):
        if published not in (None, got):
            return f"{name} {got[:12]}..., published {published[:12]}..."
    return None
