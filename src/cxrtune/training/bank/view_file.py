"""Write views to disk block by block, rename them when complete, and read them.

Each block is recorded once it is safely on disk; a killed build resumes after the last recorded block.
Several processes may write one view on a shared disk: each writes its own blocks and records them in its own
file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxrtune.files import naming_output_errors, sync_file, write_whole
from cxrtune.memory import let_pages_go
from cxrtune.training.bank.plan import BankPlan

BLOCK = 256
"""Rows per block: 13 MB at 224 px, a few seconds of work."""

Features = NDArray[np.float16]
_POOLED_AT_ONCE = 512
_KEPT = "what is done is kept, and the same command goes on from there"


@dataclass(frozen=True)
class ViewFile:
    """One view of a feature bank.

    Attributes:
        folder: The folder of the feature bank.
        view: The number of the view.
        shape: Rows, h, w, channels.
    """

    folder: Path
    view: int
    shape: tuple[int, int, int, int]

    @property
    def path(self) -> Path:
        """The path of the finished view."""
        return self.folder / f"view-{self.view}.npy"

    @property
    def unfinished(self) -> Path:
        """The path of the view while it is being written."""
        return self.folder / f"view-{self.view}.unfinished"

    def prepare(self) -> None:
        """Create the file that the blocks are written into, unless an earlier run has left one.

        Raises:
            OutputError: The file cannot be written.
        """
        if self.unfinished.is_file():
            return
        with naming_output_errors(self.path):
            self.discard()
        with write_whole(self.unfinished) as partial, partial.open("wb") as stream:
            header = {"descr": "<f2", "fortran_order": False, "shape": self.shape}
            np.lib.format.write_array_header_1_0(stream, header)
            stream.truncate(stream.tell() + self._row_bytes * self.shape[0])

    def missing_blocks(self) -> list[slice]:
        """Return the rows of every block that is not recorded as done, in order."""
        noted = {
            int(line)
            for note in self._notes()
            for line in note.read_text().splitlines(keepends=True)
            if line.endswith("\n")
        }  # a killed process may have left half a line
        starts = range(0, self.shape[0], BLOCK)
        return [slice(start, min(start + BLOCK, self.shape[0])) for start in starts if start not in noted]

    def write(self, rows: slice, features: Features, rank: int) -> None:
        """Write a block, and record it once it is safely on disk.

        Args:
            rows: One of `missing_blocks`.
            features: float16 (rows, h, w, channels).
            rank: The rank of the writing process.

        Raises:
            OutputError: The disk is full.
        """
        note = self.folder / f"view-{self.view}.done-{rank}"
        with naming_output_errors(self.path, left=_KEPT):
            with self.unfinished.open("r+b") as stream:
                header = self.unfinished.stat().st_size - self._row_bytes * self.shape[0]
                stream.seek(header + rows.start * self._row_bytes)
                stream.write(np.ascontiguousarray(features).data)
                sync_file(stream)
            with note.open("a", encoding="ascii") as stream_of_notes:
                stream_of_notes.write(f"{rows.start}\n")
                sync_file(stream_of_notes)

    def finish(self) -> None:
        """Give the view its final name; every block must have been written."""
        self.unfinished.replace(self.path)
        for note in self._notes():
            note.unlink()

    def discard(self) -> None:
        """Remove the view, finished or not."""
        # The records are removed first: without them no remaining block can be taken for finished.
        for path in (*self._notes(), self.unfinished, self.path):
            path.unlink(missing_ok=True)

    def _notes(self) -> list[Path]:
        return sorted(self.folder.glob(f"view-{self.view}.done-*"))

    @property
    def _row_bytes(self) -> int:
        return int(np.prod(self.shape[1:])) * np.dtype(np.float16).itemsize


def view_numbers(folder: Path) -> list[int]:
    """Return the numbers of all views in a folder, finished or not."""
    names = {path.name.partition(".")[0].removeprefix("view-") for path in folder.glob("view-*.*")}
    return sorted(int(name) for name in names if name.isdecimal())


def bytes_in(folder: Path) -> int:
    """Return the disk space that the folder's views occupy; unfinished ones are sparse files."""
    blocks = (path.stat() for path in folder.glob("view-*.*"))
    return sum(getattr(status, "st_blocks", 0) * 512 or status.st_size for status in blocks)


@dataclass(frozen=True)
class FeatureBank:
    """Some views of a feature bank.

    Attributes:
        plan: The layout.
        views: The views by number; each is float16 (rows, h, w, 512), memory-mapped.
    """

    plan: BankPlan
    views: dict[int, Features]

    def pooled(self, span: slice) -> NDArray[np.float32]:
        """Return the spatial mean of the features of some plain images, float32 (n, 512)."""
        parts = []
        for start in range(span.start, span.stop, _POOLED_AT_ONCE):
            features = self.views[0][start : min(start + _POOLED_AT_ONCE, span.stop)]
            parts.append(features.mean(axis=(1, 2), dtype=np.float32))
            self.let_go()
        return np.concatenate(parts) if parts else np.empty((0, self.plan.shape(0)[3]), np.float32)

    def let_go(self) -> None:
        """Release the pages read so far from this process's resident memory."""
        for features in self.views.values():
            let_pages_go(features)


def open_bank(folder: Path, plan: BankPlan, views: Iterable[int]) -> FeatureBank:
    """Open views that `build_views` has finished; the caller must ensure that they belong to the plan."""
    paths = {view: ViewFile(folder, view, plan.shape(view)).path for view in views}
    return FeatureBank(plan, {view: np.load(path, mmap_mode="r") for view, path in paths.items()})
