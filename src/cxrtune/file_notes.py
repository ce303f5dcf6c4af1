"""What was peculiar about files is told with their names: the first few one by one, the rest as a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cxrtune.progress import Reporter

_TOLD = 5  # files that are named for each kind of note


class FileNotes:
    """Notes of one stage, counted by their text."""

    def __init__(self, stage: str, reporter: Reporter) -> None:
        self._stage, self._reporter = stage, reporter
        self._seen: Counter[str] = Counter()

    def warn(self, text: str) -> None:
        """Tell of something that is no file's."""
        self._reporter.warn(f"{self._stage}: {text}")

    def note(self, file: Path | str, notes: Sequence[str]) -> None:
        """Tell what was peculiar about a file."""
        for text in notes:
            self._seen[text] += 1
            if self._seen[text] <= _TOLD:
                self._reporter.warn(f"{self._stage}: {file}: {text}")

    def tell_rest(self) -> None:
        """Tell how many more files there were."""
        for text, count in self._seen.items():
            if count > _TOLD:
                self._reporter.warn(f"{self._stage}: {count - _TOLD:,} more files: {text}")
