"""A user's data in messages: escaped, and at most so much of it."""

import os

import pytest

from cxrtune.errors import DataError
from cxrtune.shown import MOST, fitted, is_utf8, listed, quoted, short, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain.png", "plain.png"),
        ("Größe 例", "Größe 例"),
        ("a\tb\x1b[31m\n", "a\\tb\\x1b[31m\\n"),
        (os.fsdecode(b"Kr\xfcger.png"), "Kr\\xfcger.png"),
        ("\ud800", "\\ud800"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
    ],
)
def test_what_steers_a_terminal_or_is_no_text_is_escaped(text, expected):
    assert shown(text) == expected
    shown(text).encode("utf-8")


def test_values_and_names_are_cut():
    assert quoted("a") == "'a'"
    assert quoted("x" * 20_000) == f"'{'x' * 80}...' (20,000 characters)"
    assert short("folder/" * 100 + "a.png").endswith("folder/a.png")
    assert len(short("folder/" * 100)) == 163
    assert listed(["a", "b"]) == "a, b"
    assert listed(map(str, range(14))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"
    assert len(listed(["n" * 1000] * 1000)) < 600
    assert fitted("x" * MOST) == "x" * MOST
    assert fitted("x" * (MOST + 1)) == "x" * MOST + "... (501 characters)"


def test_no_error_tells_more_than_500_characters_of_anything():
    error = DataError(
        "holds " + "5 1 " * 5_000, path=os.fsdecode(b"Kr\xfcger"), remedy="Mend " + "it " * 5_000
    )
    first, second = str(error).split("\n")
    assert first.startswith("Kr\\xfcger: holds 5 1")
    assert max(len(first), len(second)) < MOST + 50


def test_names_that_are_bytes_are_told_from_text():
    assert is_utf8("a.png")
    assert is_utf8("Größe.png")
    assert not is_utf8(os.fsdecode(b"Gr\xf6\xdfe.png"))
