"""A CSV file -> rows of text, whatever a spreadsheet or an editor did to it, with every such thing named."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxrtune.cohort.problem import Kind, Problem
from cxrtune.csv_lines import HEAD, separator_line, separator_of, spoken
from cxrtune.errors import DataError
from cxrtune.shown import listed, quoted
from cxrtune.text_file import read_utf8

_ORIGINAL = "Put the file as NIH published it in its place."


@dataclass(frozen=True)
class TableText:
    """What could be read of a table.

    Attributes:
        frame: Text, one column a header, the first of those that share a name; the index numbers the rows as
            a spreadsheet does.
        problems: What had to be put up with.
        notes: What is unusual and does no harm, such as `Windows line ends`.
        sha256: Of the file's bytes, of a gzipped one of what is in it; empty if it cannot be read.
    """

    frame: pd.DataFrame
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    sha256: str


def read_table_text(path: Path, kind: Kind, columns: Sequence[Sequence[str]]) -> TableText:
    """Read a table as leniently as can be.

    Args:
        path: The file, possibly gzipped.
        kind: The kind of the problems.
        columns: The columns that are wanted, each with its names; found in any case of letters, and with
            spaces around. In the frame they have the first name.
    """
    reader = _Reader(path.name, kind)
    text = reader.text(path)
    if not text.strip():
        if not reader.problems:
            reader.error("is empty (0 rows)")
        return TableText(pd.DataFrame(), tuple(reader.problems), (), reader.sha256)
    rows = reader.rows(text)
    return TableText(reader.frame(rows, columns), tuple(reader.problems), tuple(reader.notes), reader.sha256)


_Rows = list[tuple[int, list[str]]]


def _numbered(rows: Iterable[list[str]], first: int) -> _Rows:
    return [(number, row) for number, row in enumerate(rows, first) if row]


class _Reader:
    """One table being read; collects what is odd about it."""

    def __init__(self, file: str, kind: Kind) -> None:
        self.file, self.kind = file, kind
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.sha256 = ""

    def error(self, what: str, remedy: str = _ORIGINAL) -> None:
        self.problems.append(Problem(self.kind, "error", self.file, what, remedy))

    def warn(self, what: str, remedy: str) -> None:
        self.problems.append(Problem(self.kind, "warning", self.file, what, remedy))

    def text(self, path: Path) -> str:
        """Return the file's text; empty, with an error noted, if it is none."""
        try:
            content = read_utf8(path, _ORIGINAL)
        except DataError as error:
            self.error(error.message)
            return ""
        self.sha256 = hashlib.sha256(content.packed).hexdigest()
        text = content.text
        if content.guess:
            self.warn(f"{content.guess}, expected UTF-8", "Save it as CSV UTF-8.")
        elif content.encoding.startswith("UTF-8"):
            self.notes += ["a byte order mark"] if content.encoding != "UTF-8" else []
        else:
            self.notes.append(f"text in {content.encoding}")
        if "\r" in text:
            self.notes.append("Windows line ends" if "\r\n" in text else "line ends of an old Macintosh")
        return text

    def rows(self, text: str) -> _Rows:
        """Return the rows of fields with their numbers, all as long as the header."""
        separator, rest = separator_line(text)
        first = 1 if separator is None else 2
        separator = separator or separator_of(rest[:HEAD])
        if separator != ",":
            self.notes.append(f"{spoken(separator)}s as separators")
        lines = io.StringIO(rest, newline=None)  # whatever the line ends are
        try:
            rows = _numbered(csv.reader(lines, delimiter=separator), first)
            opened = next((number for number, row in rows if any("\n" in cell for cell in row)), None)
        except csv.Error:  # a field longer than any: the quote that opens it has no end
            rows, opened = [], -1
        if opened is not None:
            where = f"row {opened:,}" if opened >= 0 else "a row"
            self.error(
                f"{where} opens a quote that does not end in its line", "Close the quote, or remove it."
            )
            lines.seek(0)
            rows = self._rows_without_quotes(lines, separator, first)
        return self._even(rows)

    def _rows_without_quotes(self, lines: io.StringIO, separator: str, first: int) -> _Rows:
        try:
            return _numbered(csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE), first)
        except csv.Error as error:
            self.error(f"is no table: {error}")
            return [(first, [""])]

    def _even(self, rows: _Rows) -> _Rows:
        header = rows[0][1]
        width = len(header)
        # NIH's own files end their headers with commas too many: 2017's table with one, the boxes with three.
        fewest = max((place + 1 for place, name in enumerate(header) if name.strip()), default=width)
        for number, row in rows:
            if len(row) < fewest or any(cell.strip() for cell in row[width:]):
                self.error(
                    f"row {number:,} has {len(row)} fields, expected {width}",
                    "Mend the rows: a separator is missing, or one too many.",
                )
        return [(number, (row + [""] * width)[:width]) for number, row in rows]

    def frame(self, rows: _Rows, columns: Sequence[Sequence[str]]) -> pd.DataFrame:
        """Return the wanted columns that are there."""
        header, body = rows[0][1], [row for _, row in rows[1:]]
        if not body:
            self.error("holds a header and no rows")
        fields = list(zip(*body, strict=True)) if body else [()] * len(header)
        found: dict[str, tuple[str, ...]] = {}
        for names in columns:
            places = self._places(header, names)
            if not places:
                continue
            if len(places) > 1:
                self._duplicated(header[places[0]], [fields[place] for place in places])
            found[names[0]] = fields[places[0]]
        frame = pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in found.items()})
        return frame.set_index(pd.Index([number for number, _ in rows[1:]][: len(frame)], dtype="int64"))

    def _places(self, header: list[str], names: Sequence[str]) -> list[int]:
        exact = [place for place, name in enumerate(header) if name in names]
        if exact:
            return exact
        loose = {name.casefold() for name in names}
        alike = [place for place, name in enumerate(header) if name.strip().casefold() in loose]
        if alike:
            self.warn(
                f"has a column {quoted(header[alike[0]])}, expected '{names[0]}'; cxrtune reads it as that",
                "Rename the column for the sake of other programs.",
            )
        else:
            self.error(f"has no column '{names[0]}'; its columns are {listed(header, 8)}")
        return alike

    def _duplicated(self, name: str, twins: list[tuple[str, ...]]) -> None:
        if all(twin == twins[0] for twin in twins):
            self.warn(f"has the column {quoted(name)} {len(twins)} times, all alike", "Remove the copies.")
        else:
            self.error(
                f"has the column {quoted(name)} {len(twins)} times, and they differ; only the first is read",
                "Keep the one that is right.",
            )
