"""What is left to do, and what room it takes, before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxrtune.download.catalogue import CatalogueEntry
from cxrtune.download.entry_download import UNPACKED_SHARE
from cxrtune.download.part import length_of_part


@dataclass(frozen=True)
class DownloadPlan:
    """What is left.

    Attributes:
        files: How many files are not in their place.
        total: Bytes of these files, where their sizes are known.
        there: Bytes of them that are there already.
        room: Bytes that the disk must have free, archives and their content at once counted.
    """

    files: int
    total: int
    there: int
    room: int


def plan(left: Sequence[CatalogueEntry], folder: Path, *, jobs: int, keep_archives: bool) -> DownloadPlan:
    """Reckon what is left.

    Args:
        left: The entries that are not in their place.
        folder: The data folder.
        jobs: How many are fetched at once.
        keep_archives: Keep them after they are unpacked.
    """
    sizes = {entry.name: entry.bytes or 0 for entry in left}
    there = {entry.name: min(_there(folder / entry.name), sizes[entry.name]) for entry in left}
    archives = [entry.name for entry in left if entry.unpack is not None]
    files = [entry.name for entry in left if entry.unpack is None]
    # An archive goes when it is unpacked, so that there are never more of them than jobs.
    at_once = sorted((sizes[name] for name in archives), reverse=True)[: None if keep_archives else jobs]
    room = sum(sizes[name] - there[name] for name in files)
    room += max(0, sum(at_once) - sum(there[name] for name in archives))
    room += int(sum(sizes[name] for name in archives) * UNPACKED_SHARE)
    return DownloadPlan(len(left), sum(sizes.values()), sum(there.values()), room)


def _there(path: Path) -> int:
    return path.stat().st_size if path.is_file() else length_of_part(path)
