"""How numbers, footnotes and quoted commands are spelt."""

from __future__ import annotations

import pytest

from cxrtune.report import notation
from cxrtune.report.notation import DASH
from cxrtune.report.page import prose
from cxrtune.report.table import Cell, Column, Row, Table, mark_best


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (notation.score(0.8125), "0.812"),
        (notation.score(-0.2014), "\N{MINUS SIGN}0.201"),
        (notation.threshold(0.00004), "4.0e-05"),
        (notation.threshold(0.0), "0.000"),
        (notation.count(25_596), "25,596"),
        (notation.counted(1, "image"), "1 image"),
        (notation.counted(2265, "patient"), "2,265 patients"),
        (notation.percent(0, 0), DASH),
        (notation.percent(1, 8), "12.5"),
        (notation.duration(0.84), "0.8 s"),
        (notation.duration(59.7), "1 min 00 s"),
        (notation.duration(252), "4 min 12 s"),
        (notation.duration(7501), "2 h 05 min"),
        (notation.file_size(812), "812 bytes"),
        (notation.file_size(54_321_000), "54.3 MB"),
        (notation.moment("2025-03-01T10:15:30+02:00"), "2025-03-01 08:15 UTC"),
        (notation.moment("yesterday"), "yesterday"),
        (notation.quantity(True), "true"),
        (notation.quantity(0.1 + 0.2), "0.3"),
        (notation.listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_numbers_have_one_spelling(written: str, expected: str) -> None:
    assert written == expected


def test_values_that_look_equal_are_both_best() -> None:
    cells = mark_best((Cell("0.812"), Cell(DASH, "why"), Cell("0.812"), Cell("0.790")))
    assert [cell.best for cell in cells] == [True, False, True, False]
    assert not mark_best((Cell("0.812"), Cell(DASH, "why")))[0].best


def test_equal_notes_share_a_letter() -> None:
    row = Row("x", (Cell(DASH, "one"), Cell(DASH, "two"), Cell(DASH, "one")))
    table = Table("t", "caption", "corner", (Column("a"),) * 3, ((row,),))
    assert table.notes == {"one": "a", "two": "b"}


def test_backticks_become_code_and_everything_else_is_escaped() -> None:
    assert prose("run `a <b>` & <i>") == "run <code>a &lt;b&gt;</code> &amp; &lt;i&gt;"
