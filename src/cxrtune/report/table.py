"""The common structure of all tables in the report, with only what a template needs.

A cell may have a note. The notes of a table are listed below it with letters, so that they can be
read without a pointer to hover with, such as on a phone and on paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from string import ascii_lowercase

from cxrtune.evaluation.results import Interval
from cxrtune.report.notation import DASH, span


@dataclass(frozen=True)
class Cell:
    """One formatted value; `best` makes it bold, `note` becomes a footnote, `aside` is its interval."""

    text: str
    note: str | None = None
    best: bool = False
    aside: str | None = None


@dataclass(frozen=True)
class Row:
    """One row of a table: its heading and its cells."""

    head: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Column:
    """One column heading; the first column of a group has extra space before it."""

    text: str
    starts_group: bool = False


@dataclass(frozen=True)
class ColumnGroup:
    """A heading above several columns."""

    text: str
    span: int


@dataclass(frozen=True)
class Table:
    """A table with its caption.

    Attributes:
        anchor: Id of the table in the page; unique.
        caption: What the table shows.
        corner: Heading of the first column.
        columns: Headings of the other columns.
        bodies: Blocks of rows, separated by a rule: findings, then averages.
        groups: Headings above the columns, if any.
        remarks: Sentences below the table.
    """

    anchor: str
    caption: str
    corner: str
    columns: tuple[Column, ...]
    bodies: tuple[tuple[Row, ...], ...]
    groups: tuple[ColumnGroup, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def notes(self) -> dict[str, str]:
        """Each distinct note of the cells with its letter, in order of appearance."""
        cells = (cell for body in self.bodies for row in body for cell in row.cells)
        texts = dict.fromkeys(cell.note for cell in cells if cell.note is not None)
        return {text: _letter(index) for index, text in enumerate(texts)}


def number(value: float | None, write: Callable[[float], str], why_not: str) -> Cell:
    """Return the cell of a value, or a dash with the reason if there is no value."""
    return Cell(DASH, why_not) if value is None else Cell(write(value))


def estimate(
    value: float | None, interval: Interval | None, write: Callable[[float], str], why_not: str
) -> Cell:
    """Return the cell of a value with its 95 % interval next to it."""
    cell = number(value, write, why_not)
    return cell if value is None or interval is None else replace(cell, aside=span(interval))


def mark_best(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Set the highest of two or more numbers in bold, and those that are equal to it as printed."""
    numbers = [float(cell.text) for cell in cells if cell.text != DASH]
    if len(numbers) < 2:
        return cells
    return tuple(replace(cell, best=cell.text != DASH and float(cell.text) == max(numbers)) for cell in cells)


def _letter(index: int) -> str:
    turns, place = divmod(index, len(ascii_lowercase))
    return ascii_lowercase[place] * (turns + 1)
