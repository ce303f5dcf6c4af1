"""CSV tables in common variants -> columns of texts, with rows numbered as in a spreadsheet."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from cxrtune.csv_lines import (
    HEAD,
    end_of_record,
    records,
    records_anyhow,
    separator_line,
    separator_of,
    spoken,
)
from cxrtune.errors import DataError
from cxrtune.shown import listed, quoted
from cxrtune.text_file import Tell, Utf8, decode, read_utf8, untold

Wrong = Callable[[DataError], None]
"""Called with an error despite which a table can be read."""

_SAVE = "Save it as CSV in UTF-8, with one header line and one line per row."


@dataclass(frozen=True)
class CsvTable:
    """A table whose header has been read.

    Attributes:
        path: The file.
        header: The names of the columns, without leading and trailing blanks.
        separator: The separator of cells.
        guess: Description of what was guessed about the file's text; empty if nothing was.
        tell: Called with a message about what is not read.
        first_row: Number of the first row below the header.
        spelling: The names of the columns as written in the file.
        wrong: Called with each error of the table, which is then read as far as possible; if None, the first
            error is raised.
    """

    path: Path
    header: tuple[str, ...]
    separator: str
    guess: str
    tell: Tell
    first_row: int
    spelling: tuple[str, ...]
    wrong: Wrong | None
    _body: bytes = field(repr=False)

    def places(self, wanted: Iterable[str], *, partly: bool = False, remedy: str) -> dict[str, int]:
        """Return the position of each wanted column, ignoring case.

        Args:
            wanted: The names of the columns.
            partly: Whether to omit columns that are missing.
            remedy: What the user can do about a missing column.

        Raises:
            DataError: A column is missing or occurs twice.
        """
        plain = [_plain(name) for name in self.header]
        places: dict[str, int] = {}
        for name in dict.fromkeys(wanted):
            exact = [place for place, other in enumerate(self.header) if other == name]
            found = exact or [place for place, other in enumerate(plain) if other == _plain(name)]
            if len(found) > 1:
                self._compare(name, found)
            if found:
                places[name] = found[0]
            elif not partly:
                guess = f"; it {self.guess}" if self.guess else ""
                self._fault(
                    f"has no column {quoted(name)}{near(name, self.header)}; its columns are"
                    f" {listed(self.header)}{guess}",
                    remedy,
                )
        return places

    def _compare(self, name: str, places: list[int]) -> None:
        """Refuse columns with the same name; if errors are collected, report equal ones and use the first."""
        twins = list(self._texts({str(place): place for place in places}).items())
        differ = any(not twins[0][1].equals(twin) for _, twin in twins[1:])
        if differ or self.wrong is None:
            what = f"has {len(places)} columns {quoted(name)}{' that differ' if differ else ''}"
            self._fault(what, "Remove or rename all but the right one.")
        else:
            self.tell(f"{self.path.name} has the column {quoted(name)} {len(places)} times, all alike")

    def _fault(self, what: str, remedy: str) -> None:
        error = DataError(what, path=self.path, remedy=remedy)
        if self.wrong is None:
            raise error
        self.wrong(error)

    def read(self, places: Mapping[str, int]) -> pd.DataFrame:
        """Return columns as texts, empty for empty cells; the index contains the row numbers.

        Rows that are empty in these columns are skipped, and their number is reported.

        Args:
            places: Position of each column.

        Raises:
            DataError: A row has more or fewer cells than the header, or repeats it.
        """
        return self._without_empty_rows(self._without_headers(self._texts(places), places))

    def _texts(self, places: Mapping[str, int]) -> pd.DataFrame:
        body = self._body.rstrip(b"\r\n")
        frame = None
        # Arrow is fast; tables whose rows it would number wrongly or skip are read by the slow method.
        if body and not _has_blank_line(body) and body.count(b'"') % 2 == 0:
            frame = self._fast(body, places)
        if frame is None:
            frame = self._slow(places)
        if len(frame) > body.count(b"\n"):
            return frame
        if self.wrong is not None:
            return self._slow(places)
        self._tell_swallowed()
        return frame

    def _fast(self, body: bytes, places: Mapping[str, int]) -> pd.DataFrame | None:
        # Columns are selected by number: names of unused columns may occur twice.
        numbered = [str(number) for number in range(len(self.header))]
        taken = [numbered[place] for place in places.values()]
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(body),
                read_options=arrow_csv.ReadOptions(column_names=numbered),
                parse_options=arrow_csv.ParseOptions(delimiter=self.separator, newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(
                    include_columns=list(dict.fromkeys(taken)),
                    column_types=dict.fromkeys(taken, pa.string()),
                    strings_can_be_null=False,
                ),
            )
        except (pa.ArrowException, ValueError):  # a separator beyond ASCII is a ValueError
            return None
        columns = {name: table.column(numbered[place]) for name, place in places.items()}
        frame: pd.DataFrame = pa.table(columns).to_pandas()
        frame.index = pd.RangeIndex(self.first_row, self.first_row + len(frame))
        return frame.astype("str")

    def _slow(self, places: Mapping[str, int]) -> pd.DataFrame:
        rows = {number: [row[place] for place in places.values()] for number, row in self._records()}
        cells = zip(*rows.values(), strict=True) if rows else [()] * len(places)
        columns = {name: pd.array(texts, dtype="str") for name, texts in zip(places, cells, strict=True)}
        return pd.DataFrame(columns, pd.Index(list(rows), dtype="int64"))

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        read = records if self.wrong is None else records_anyhow
        return read(self._body.decode("utf-8"), self.separator, self.header, self.first_row, self._wrong_row)

    def _wrong_row(self, number: int, what: str) -> None:
        self._fault(
            f"is no readable CSV table: row {number:,} {what}",
            f"Mend the row: a separator ({spoken(self.separator)}) or a quote is missing, or one too many.",
        )

    def _tell_swallowed(self) -> None:
        """Report a cell whose lines look like rows: two stray quotes merge all between them into one cell."""
        width = len(self.header)
        for number, row in self._records():
            for cell in row:
                inner = cell.splitlines()[1:]
                if width > 2 and any(line.count(self.separator) == width - 1 for line in inner):
                    self.tell(
                        f"{self.path.name}: row {number:,} has {len(inner):,} more lines in one cell that"
                        " look like rows of their own and are not read as such: look for stray quotes"
                    )
                    return

    def _without_headers(self, frame: pd.DataFrame, places: Mapping[str, int]) -> pd.DataFrame:
        same = np.ones(len(frame), dtype=bool)
        for name, place in places.items():
            cells = frame[name][same].str.strip("\ufeff \t")  # byte order mark of a second file
            same[same] = (cells == self.header[place]).to_numpy(dtype=bool)
        if len(places) < 2 or not same.any():
            return frame
        for number in frame.index[same]:
            self._fault(
                f"row {number:,} repeats the header",
                "Remove the line; if two tables were put together, give each by its own name.",
            )
        return frame[~same]

    def _without_empty_rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        empty = np.ones(len(frame), dtype=bool)
        for name in frame.columns:
            empty[empty] = frame[name][empty].str.strip().eq("").to_numpy(dtype=bool)
        if not empty.any():
            return frame
        self.tell(
            f"{self.path.name}: {int(empty.sum()):,} rows hold nothing and are not read, row"
            f" {frame.index[empty][0]:,} for one"
        )
        return frame[~empty]


def open_csv(path: Path, tell: Tell, remedy: str = _SAVE, wrong: Wrong | None = None) -> CsvTable:
    """Read the header of a table.

    Supports commas, semicolons, tabs and vertical bars as separators, Excel's `sep=` line, quotes, line
    breaks in quotes, all line ends, and all encodings of `read_utf8`.

    Args:
        path: The file.
        tell: Called with one sentence for each thing that is not read as written.
        remedy: What the user can do if the file is not a table.
        wrong: Called with each error despite which the table can be read, including line breaks in quotes; by
            default the first error is raised.

    Raises:
        DataError: The file cannot be read, is not text, or has no header.
    """
    try:
        content = read_utf8(path, remedy)
    except DataError as error:
        message = f"is no readable CSV table: it {error.message}"
        raise DataError(message, path=path, remedy=remedy) from error
    if content.guess:
        tell(f"{path.name} {content.guess}")
    return _opened(content, path, tell, remedy, wrong)


def columns_of(path: Path) -> tuple[str, ...]:
    """Return the columns of a file that may be a table, from its beginning; empty if it is not a table."""
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
            head = stream.read(HEAD)
        whole = head[: head.rfind(b"\n") + 1] if len(head) == HEAD else head
        return _opened(decode(whole), path, untold, _SAVE).header
    except (OSError, EOFError, ValueError, DataError):
        return ()


def _opened(content: Utf8, path: Path, tell: Tell, remedy: str, wrong: Wrong | None = None) -> CsvTable:
    data = content.data
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")  # line ends of old Macintosh systems
    start = len(data) - len(data.lstrip(b"\r\n"))
    row = 1 + data[:start].count(b"\n")
    head = data[start : start + HEAD].decode("utf-8", "ignore")
    separator, rest = separator_line(head)
    if separator is None:
        separator = separator_of(head)
    else:
        start, row = start + len(head[: len(head) - len(rest)].encode()), row + 1
    end = end_of_record(data, start)
    first = data[start:end].decode("utf-8").rstrip("\r\n")
    if not first.strip():
        empty = "" if data.strip() else "is empty: it "
        raise DataError(f"{empty}has no header line", path=path, remedy="Name the columns in the first line.")
    try:
        header = next(csv.reader(io.StringIO(first, newline=""), delimiter=separator))
    except (csv.Error, TypeError) as error:
        raise DataError(f"has a header that cannot be read: {error}", path=path, remedy=remedy) from error
    names = tuple(name.strip() for name in header)
    return CsvTable(path, names, separator, content.guess, tell, row + 1, tuple(header), wrong, data[end:])


def near(name: str, others: Iterable[str]) -> str:
    """Return a phrase with the name that is probably meant; empty if none is similar."""
    found = difflib.get_close_matches(name, list(others), n=1)
    return f" (is {quoted(found[0])} meant?)" if found else ""


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def _has_blank_line(body: bytes) -> bool:
    return b"\n\n" in body or b"\n\r\n" in body or b"\r\r" in body
