"""The one shape of every table in the report: what a template needs, and no more.

A cell may carry a note. Notes of one table are collected under it with letters, so that they can
be read where there is no pointer to hover with: on a phone and on paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from string import ascii_lowercase

from cxrtune.evaluation.results import Interval
from cxrtune.report.notation import DASH, span


@dataclass(frozen=True)
class Cell:
    """One value, ready to print; `best` makes it bold, `note` becomes a footnote, `aside` is its interval."""

    text: str
    note: str | None = None
    best: bool = False
    aside: str | None = None


@dataclass(frozen=True)
class Row:
    """One line of a table: its heading and its cells."""

    head: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Column:
    """One column heading; the first column of a group stands a little apart."""

    text: str
    starts_group: bool = False


@dataclass(frozen=True)
class ColumnGroup:
    """A heading over several columns."""

    text: str
    span: int


@dataclass(frozen=True)
class Table:
    """A table with its caption.

    Attributes:
        anchor: The id in the page; unique.
        caption: What the table shows.
        corner: The heading of the first column.
        columns: The headings of the others.
        bodies: Blocks of rows, set apart by a rule: findings, then averages.
        groups: Headings above the columns, or none.
        remarks: Sentences under the table.
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
        """Each different note of the cells with its letter, in the order of appearance."""
        cells = (cell for body in self.bodies for row in body for cell in row.cells)
        texts = dict.fromkeys(cell.note for cell in cells if cell.note is not None)
        return {text: _letter(index) for index, text in enumerate(texts)}


def number(value: float | None, write: Callable[[float], str], why_not: str) -> Cell:
    """Return a value's cell, or a dash with the reason if there is no value."""
    return Cell(DASH, why_not) if value is None else Cell(write(value))


def estimate(
    value: float | None, interval: Interval | None, write: Callable[[float], str], why_not: str
) -> Cell:
    """Return a value's cell with its 95 % interval beside it."""
    cell = number(value, write, why_not)
    return cell if value is None or interval is None else replace(cell, aside=span(interval))


def mark_best(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Set the highest of two or more numbers in bold, and those that look equal to it as printed."""
    numbers = [float(cell.text) for cell in cells if cell.text != DASH]
    if len(numbers) < 2:
        return cells
    return tuple(replace(cell, best=cell.text != DASH and float(cell.text) == max(numbers)) for cell in cells)


def _letter(index: int) -> str:
    turns, place = divmod(index, len(ascii_lowercase))
    return ascii_lowercase[place] * (turns + 1)
