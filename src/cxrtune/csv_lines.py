"""Where the records of a CSV text end, and what stands between their cells."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""What stands between cells, and how it is called."""

HEAD = 1 << 16
"""Bytes, or letters, of a file that tell its separator and its columns."""

_LOOKED_AT = 6  # records that decide on the separator


def spoken(separator: str) -> str:
    """Return what a separator is called."""
    return SEPARATORS.get(separator, separator)


def separator_line(text: str) -> tuple[str | None, str]:
    """Take Excel's first line `sep=;` off a table's text; None if it has none."""
    named = re.match(r'"?sep=(\\t|[^\r\n])"?[;,\t "]*(?:\r\n|\r|\n)', text)
    return (None, text) if named is None else (named[1].replace("\\t", "\t"), text[named.end() :])


def separator_of(head: str) -> str:
    """Return the separator of a table: that by which header and first rows have equally many cells."""

    def fit(separator: str) -> tuple[bool, int]:
        records = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
        try:
            widths = [len(record) for record in islice(records, _LOOKED_AT) if record]
        except csv.Error:
            return False, 0
        return len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0

    return max(SEPARATORS, key=fit)


def end_of_record(data: bytes, start: int) -> int:
    """Return where the record that begins at `start` ends, its line end included; quotes may hold others."""
    end, quotes = start, 0
    while (line := data.find(b"\n", end)) >= 0:
        quotes += data.count(b'"', end, line)
        end = line + 1
        if quotes % 2 == 0:
            return end
    return len(data)
