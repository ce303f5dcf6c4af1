"""What a file's bytes come to, and whether they are one of its published versions."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO

from cxrtune.download.catalogue import CatalogueEntry, Known
from cxrtune.errors import DataError

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
