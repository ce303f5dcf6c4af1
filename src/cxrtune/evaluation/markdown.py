"""Format a data frame as a Markdown table, with each value and its interval in one cell."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

UNDEFINED = "undefined"

_BRACKETS = "In brackets: 95 % intervals, where there is one."


@dataclass(frozen=True)
class _Column:
    """One column of the table: the indices, in a row, of its value and of the limits of its interval."""

    name: str
    value: int
    ends: tuple[int, int] | None
    is_number: bool

    def cell(self, row: tuple[object, ...], digits: int) -> str:
        """Format this column's cell of a row."""
        value = row[self.value]
        written = _cell(value, digits, self.name.startswith("p "))
        if self.ends is None or written == UNDEFINED:
            return written
        low, high = (_cell(row[end], digits, False) for end in self.ends)
        return written if UNDEFINED in (low, high) else f"{written} ({low} to {high})"


def p_value(value: float) -> str:
    """Format a p-value with three decimals, or as below a limit; never as 0.000."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def as_markdown(table: pd.DataFrame, digits: int = 3) -> str:
    """Format a table as GitHub-flavoured Markdown.

    Columns of p-values have names that begin with `p `. The columns `NAME low` and `NAME high` after a column
    `NAME`, or just `low` and `high`, are the limits of its interval and are merged into its cell.
    """
    columns = _columns(table)
    header = [_cell(column.name, digits, False) for column in columns]
    lines = [_line(header), _line(["---:" if column.is_number else "---" for column in columns])]
    lines += [
        _line([column.cell(row, digits) for column in columns])
        for row in table.itertuples(index=False, name=None)
    ]
    if any(column.ends is not None for column in columns):
        lines += ["", _BRACKETS]
    return "\n".join(lines) + "\n"


def _columns(table: pd.DataFrame) -> list[_Column]:
    names = [str(name) for name in table.columns]
    columns, place = list[_Column](), 0
    while place < len(names):
        name, after = names[place], tuple(names[place + 1 : place + 3])
        has_ends = after in ((f"{name} low", f"{name} high"), ("low", "high"))
        is_number = pd.api.types.is_numeric_dtype(table.iloc[:, place])
        columns.append(_Column(name, place, (place + 1, place + 2) if has_ends else None, is_number))
        place += 3 if has_ends else 1
    return columns


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: object, digits: int, is_p: bool) -> str:
    if value is None or value is pd.NA or value != value:
        return UNDEFINED
    if isinstance(value, float):
        return p_value(value) if is_p else f"{value:.{digits}f}"
    return str(value).replace("|", "\\|")
