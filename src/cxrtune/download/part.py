"""A file that is being fetched: `NAME.part`, whose bytes it has, and whether they are as published."""

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
    """Count and checksums of the bytes that were added so far.

    Attributes:
        bytes: How many they are.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)

    @property
    def sha256(self) -> str:
        """Their SHA-256, in small hexadecimal digits."""
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        """Their MD5, likewise."""
        return self._md5.hexdigest()

    def add(self, block: bytes | memoryview) -> None:
        """Add bytes."""
        self._sha256.update(block)
        self._md5.update(block)
        self.bytes += len(block)

    def add_rest(self, stream: IO[bytes]) -> None:
        """Add all that a file still has."""
        while block := stream.read(_BLOCK):
            self.add(block)


@dataclass(frozen=True)
class PartOrigin:
    """Which version of which file the bytes are from.

    Attributes:
        link: Where they were asked for, without a password.
        validator: The strong ETag or the Last-Modified of the answer, or None.
        total: The size of the whole, if the host told.
    """

    link: str
    validator: str | None
    total: int | None


class PartFile:
    """The bytes so far of a file that will be `final`, and their sums.

    It is safe to lose the process at any moment: bytes are appended only, and whose they are was
    written down before the first of them.
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
        """How many bytes are there."""
        return self.sums.bytes

    def begin(self, origin: PartOrigin) -> None:
        """Begin anew, with bytes of `origin`.

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
                # A disk that fills takes some of the bytes: they count, and the next write fails.
                written = stream.write(rest)
                self.sums.add(rest[:written])
                rest = rest[written:]

    def complete(self) -> None:
        """Sync the bytes and give them their final name.

        Raises:
            OutputError: The folder cannot be written.
        """
        with writing_to(self.final):
            with self.path.open("ab") as stream:
                sync_file(stream)
            self.path.replace(self.final)
            self._note.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the bytes, as they are not what they should be."""
        with writing_to(self.final):
            self.path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)
        self.sums, self.origin = Sums(), None

    def _read_origin(self) -> PartOrigin | None:
        """Return whose bytes are there; None if there are none, or nobody knows whose."""
        if not self.path.is_file():
            return None
        try:
            return PartOrigin(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def length_of_part(final: Path) -> int:
    """Return how many bytes of a file are there already, without reading them."""
    try:
        return os.stat(final.with_name(f"{final.name}.part")).st_size  # noqa: PTH116  the name says it all
    except OSError:
        return 0


def sums_of(path: Path) -> Sums:
    """Read a file and sum it up.

    Raises:
        DataError: It cannot be read.
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
    """Return what about a file is not as published; None if all that is known agrees."""
    problems = [_difference(version, sums) for version in entry.known]
    return problems[0] if problems and None not in problems else None


def verified_by(entry: CatalogueEntry, sums: Sums) -> str:
    """Return which published sum a file that is not wrong agrees with: `sha256`, `md5`, or `nothing`."""
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
