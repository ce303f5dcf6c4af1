"""What a long scoring has done so far, line by line on disk: one that was cut off goes on from there."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

from cxrtune.files import naming_output_errors, sync_file

_EVERY = 32  # rows between two waits for the disk


class Journal:
    """Rows by key, appended as they come; lines of other work, or a last line cut off, are dropped."""

    def __init__(self, out: Path, work: str) -> None:
        """Open the journal of an output.

        Args:
            out: The file that is being made; the journal stands beside it, hidden.
            work: Says what the rows depend on; a journal of other work is begun anew.

        Raises:
            OutputError: It cannot be written.
        """
        self.path = out.with_name(f".{out.name}.unfinished")
        self.rows: dict[str, dict[str, Any]] = {}
        kept = self._read(work)
        with naming_output_errors(out):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("r+b" if kept else "w+b")
            # What a kill left of the last line is written over.
            self._stream.truncate(kept)
            self._stream.seek(kept)
            if not kept:
                self._write({"work": work})
        self._since = 0

    def note(self, key: str, row: dict[str, Any]) -> None:
        """Keep a row."""
        self.rows[key] = row
        self._write({"key": key, "row": row})
        self._since += 1
        if self._since >= _EVERY:
            sync_file(self._stream)
            self._since = 0

    def discard(self) -> None:
        """Remove the journal: the output is there."""
        self._stream.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def _write(self, entry: dict[str, Any]) -> None:
        self._stream.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def _read(self, work: str) -> int:
        """Read the rows of the same work; return how many bytes of the file are whole lines of it."""
        if not self.path.is_file():
            return 0
        whole = 0
        with self.path.open("rb") as stream:
            for number, line in enumerate(stream):
                try:
                    entry = json.loads(line) if line.endswith(b"\n") else None
                except ValueError:
                    entry = None
                if not isinstance(entry, dict) or (number == 0 and entry.get("work") != work):
                    break
                if number:
                    self.rows[entry["key"]] = entry["row"]
                whole += len(line)
        return whole
