"""Whether a file is one of its published versions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cxrtune.download.catalogue import CatalogueEntry, Known
from cxrtune.errors import DataError

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Sums:
    """What a file's bytes come to."""

    bytes: int
    sha256: str
    md5: str


def sums_of(path: Path) -> Sums:
    """Read a file and sum it up.

    Raises:
        DataError: It cannot be read.
    """
    sha256, md5, count = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                sha256.update(block)
                md5.update(block)
                count += len(block)
    except OSError as error:
        raise DataError(
            f"cannot be read: {(error.strerror or 'unknown cause').lower()}",
            path=path,
            remedy="Move it away, and the same command fetches it.",
        ) from error
    return Sums(count, sha256.hexdigest(), md5.hexdigest())


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
