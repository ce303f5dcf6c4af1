"""Records of a CSV text: where they end, their separator, and which of them do not match the header."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""Separators of cells and their names."""

HEAD = 1 << 16
"""Bytes, or characters, of a file from which its separator and its columns are determined."""

OPEN_QUOTE, LONG_CELL = "opens a quote that is never closed", "has a cell of more than"
"""Errors of a record that hide the rest of the text."""

_LOOKED_AT = 6  # number of records from which the separator is determined
_END = "\x1eend"  # an extra line after the text: a quote that is never closed swallows it


def spoken(separator: str) -> str:
    """Return the name of a separator."""
    return SEPARATORS.get(separator, separator)


def separator_line(text: str) -> tuple[str | None, str]:
    """Split Excel's first line `sep=;` from a table's text; without it, None in place of the separator."""
    named = re.match(r'"?sep=(\\t|[^\r\n])"?[;,\t "]*(?:\r\n|\r|\n)', text)
    return (None, text) if named is None else (named[1].replace("\\t", "\t"), text[named.end() :])


def separator_of(head: str) -> str:
    """Return the separator of a table: the one that splits header and first rows into equally many cells."""

    def fit(separator: str) -> tuple[bool, int]:
        records = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
        try:
            widths = [len(record) for record in islice(records, _LOOKED_AT) if record]
        except csv.Error:
            return False, 0
        return len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0

    return max(SEPARATORS, key=fit)


def end_of_record(data: bytes, start: int) -> int:
    """Return the end of the record beginning at `start`, with its line end; quotes may contain others."""
    end, quotes = start, 0
    while (line := data.find(b"\n", end)) >= 0:
        quotes += data.count(b'"', end, line)
        end = line + 1
        if quotes % 2 == 0:
            return end
    return len(data)


def records(
    text: str,
    separator: str,
    header: Sequence[str],
    first: int,
    wrong: Callable[[int, str], None],
    *,
    quotes: bool = True,
) -> Iterator[tuple[int, list[str]]]:
    """Yield the non-empty records with their numbers, each as long as the header.

    Args:
        text: The text below the header.
        separator: The separator of cells.
        header: The names of the columns.
        first: Number of the first record.
        wrong: Called with the number of a record that does not match the header, and the reason. If it
            returns, the record is truncated or padded; after an unclosed quote or an overlong cell, nothing
            more is read.
        quotes: Whether cells may be quoted; otherwise each line is a record.
    """
    width = len(header)
    # Some tables have extra commas at the end of the header, and as many, or none, at the end of rows.
    fewest = max((place + 1 for place, name in enumerate(header) if name), default=width)
    lines = io.StringIO(text.rstrip("\r\n") + f"\n{_END}", newline="")
    rows = csv.reader(lines, delimiter=separator)
    if not quotes:
        rows = csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    number = first - 1
    try:
        for row in rows:
            number += 1
            if row == [_END]:
                return
            if row and row[-1].endswith(_END):
                wrong(number, OPEN_QUOTE)
                return
            if row and (len(row) < fewest or any(cell.strip() for cell in row[width:])):
                wrong(number, f"has {len(row):,} cells, and the header has {width:,}")
            if row:
                yield number, [*row[:width], *[""] * (width - len(row))]
    except csv.Error:
        wrong(number + 1, f"{LONG_CELL} {csv.field_size_limit():,} characters")


def records_anyhow(
    text: str, separator: str, header: Sequence[str], first: int, wrong: Callable[[int, str], None]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of a text whose cells contain no line breaks, whatever its quotes; see `records`."""
    faults: list[tuple[int, str]] = []

    def note(number: int, what: str) -> None:
        faults.append((number, what))

    found = list(records(text, separator, header, first, note))
    torn = next((number for number, row in found if any("\n" in cell for cell in row)), None)
    hidden = faults[-1:] if faults and faults[-1][1].startswith((OPEN_QUOTE, LONG_CELL)) else []
    if torn is not None or hidden:
        # The other mismatches may have been caused by the quote.
        faults = hidden if torn is None else [(torn, "opens a quote that does not end in its line")]
        found = list(records(text, separator, header, first, note, quotes=False))
    for number, what in faults:
        wrong(number, what)
    yield from found
