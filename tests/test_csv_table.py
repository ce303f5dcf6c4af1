"""CSV tables as people and programs write them; Python's csv module and float() are the oracles."""

import csv
import io
import random

import numpy as np
import pandas as pd
import pytest

from cxrtune.csv_lines import separator_of
from cxrtune.csv_table import columns_of, open_csv
from cxrtune.errors import DataError
from cxrtune.number_texts import number_of, numbers

HEADER = ["image", "Report, long", "Mass"]
CELLS = [
    "a.png",
    'He said "well",\nand left;',
    "0,5",
    "",
    " b ",
    "Größe",
    "x|y\tz",
    "1e-3",
    "007",
    "\r\n\r\n",
]


def written(tmp_path, rows, name="t.csv", **format):
    stream = io.StringIO(newline="")
    csv.writer(stream, **({"lineterminator": "\n"} | format)).writerows(rows)
    path = tmp_path / name
    path.write_bytes(stream.getvalue().encode())
    return path


def read(path, *names):
    told = []
    table = open_csv(path, told.append)
    return table.read(table.places(names or table.header, remedy="")), told


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_the_csv_module_writes_is_read_cell_by_cell(tmp_path, separator, end):
    drawn = random.Random(separator + end)
    rows = [[f"image{row}", *(drawn.choice(CELLS) for _ in range(2))] for row in range(200)]
    frame, told = read(written(tmp_path, [HEADER, *rows], delimiter=separator, lineterminator=end))
    assert list(frame.columns) == HEADER
    assert frame.to_numpy().tolist() == rows
    assert list(frame.index) == list(range(2, 202))
    assert not told


def test_an_old_macintosh_ends_lines_otherwise(tmp_path):
    frame, _ = read(written(tmp_path, [HEADER, ["a", "b", "c"]], lineterminator="\r"))
    assert frame.to_numpy().tolist() == [["a", "b", "c"]]


@pytest.mark.parametrize(
    ("line", "separator"),
    [
        *(("sep=;", ";"), ('"sep=;"', ";"), ("sep=;;;", ";"), ("sep=\t", "\t")),
        *(("sep=\\t", "\t"), ("sep=,", ","), ("sep=:", ":")),
    ],
)
def test_excels_first_line_is_heeded_and_counted(tmp_path, line, separator):
    path = written(tmp_path, [HEADER, ["a", "b;c", "0,5"]], delimiter=separator)
    path.write_text(f"\ufeff{line}\r\n" + path.read_text())
    frame, _ = read(path)
    assert frame.to_numpy().tolist() == [["a", "b;c", "0,5"]]
    assert list(frame.index) == [3]


@pytest.mark.parametrize(
    ("head", "separator"),
    [
        ("image;a, b, c;d\nx.png;1;2\n", ";"),
        ('image;"a, b";"c, d, e"\nx.png;1;2\n', ";"),
        ("image;Mass\nx.png;0,5\ny.png;0,25\n", ";"),
        ("image\tMass, large\tHernia\nx.png\t0,5\t1\n", "\t"),
        ("Image Index,Bbox [x,y,w,h],,,\na,1,2,3,4,,,\n", ","),
        ("image\na.png\n", ","),
        ("", ","),
    ],
)
def test_the_separator_is_that_by_which_the_rows_fit_the_header(head, separator):
    assert separator_of(head) == separator


def test_rows_are_numbered_as_a_spreadsheet_does_and_empty_ones_are_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('\nimage,Mass\na,1\n\nb,"1\n2"\n , \n,\nc,0\n\n\n')
    frame, told = read(path)
    assert dict(zip(frame["image"], frame.index, strict=True)) == {"a": 3, "b": 5, "c": 8}
    assert told == ["t.csv: 2 rows hold nothing and are not read, row 6 for one"]


def test_rows_that_two_stray_quotes_make_one_cell_of_are_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('image,Mass,Report\na,1,"two, words\nor more"\nb,1,"5 cm\nc,0,x\nd,0,6 cm"\ne,1,\n')
    frame, told = read(path, "image", "Mass")
    assert list(frame["image"]) == ["a", "b", "e"]
    assert len(told) == 1
    assert told[0].startswith("t.csv: row 3 has 2 more lines in one cell that look like rows of their own")


def test_commas_too_many_at_the_ends_of_lines_do_no_harm(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("image,Mass,,\na,1,,\nb,0\nc,1,\n")
    frame, _ = read(path, "image", "Mass")
    assert frame.to_numpy().tolist() == [["a", "1"], ["b", "0"], ["c", "1"]]
    path.write_text("image,Mass\na,1,,\nb,0\n")
    assert len(read(path)[0]) == 2


BAD = {
    "a cell too many": ("image,Mass\na,1\nb,0,secret\n", "row 3 has 3 cells, and the header has 2"),
    "a cell too few": ("image,Mass\na,1\n\nsecret\n", "row 4 has 1 cells, and the header has 2"),
    "an open quote": ('image,Mass\na,1\nb,"secret\nc,1\n', "row 3 opens a quote that is never closed"),
    "an open quote at the end": ('image,Mass\na,1\nb,0\nc,"secret', "row 4 opens a quote that is never"),
    "an open quote in the middle": ('image,Report,Mass\na,"secret,1\nb,x,1\n', "row 2 opens a quote"),
    "a cell without end": ('image,Mass\na,1\nb,"' + "secret," * 30_000 + '\n', "row 3 has a cell of more"),
    "its header again": ("image,Mass\na,1\nimage,Mass\nb,secret\n", "row 3 repeats the header"),
    "a second file's header": ("image,Mass\na,1\n\ufeffimage,Mass\nb,secret\n", "row 3 repeats the header"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_row_that_does_not_fit_is_named_by_its_number_without_its_cells(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        read(path)
    assert message in str(refused.value)
    assert str(path) in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_column_is_found_whatever_its_case_or_named_with_what_is_near(tmp_path):
    path = written(tmp_path, [[" IMAGE ", "Gr\u006f\u0308\u00dfe", "mass", "Mass"], ["a", "b", "c", "d"]])
    frame, _ = read(path, "image", "gr\u00f6\u00dfe", "Mass")
    assert frame.to_numpy().tolist() == [["a", "b", "d"]]
    with pytest.raises(DataError, match=r"has no column 'imag' \(is 'IMAGE' meant\?\)|has no column 'imag'"):
        read(path, "imag")
    with pytest.raises(DataError, match="has 2 columns 'MASS'"):
        read(path, "MASS")


def test_what_was_guessed_of_the_text_is_told_and_in_the_error(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("image,Größe\na,1\n".encode("latin-1"))
    frame, told = read(path)
    assert list(frame.columns) == ["image", "Größe"]
    assert told == ["t.csv is not UTF-8 text: line 1 read as Windows-1252"]
    with pytest.raises(DataError, match="it is not UTF-8 text: line 1 read as Windows-1252"):
        read(path, "Hoehe")


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_columns_are_known_from_a_files_beginning(tmp_path, name):
    import gzip

    text = "image,Mass\n" + "a.png,1\n" * 100_000
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    assert columns_of(tmp_path / name) == ("image", "Mass")
    (tmp_path / "x.csv").write_bytes(b"\x89PNG\0\0")
    assert columns_of(tmp_path / "x.csv") == columns_of(tmp_path / "none.csv") == ()


NUMBERS = [
    *("0.5", "0,5", ".5", "5.", "1e-3", "1E-3", "+0.25", "-1", "1", " 0.5 "),
    *("0.1234567890123456789", "1e-320", "true", "False"),
]


def test_numbers_are_those_of_python_with_a_point_or_a_comma():
    values, strange = numbers(pd.Series(NUMBERS, dtype="str"))
    words = {"true": 1.0, "False": 0.0}
    assert values.tolist() == [
        words[text] if text in words else float(text.replace(",", ".")) for text in NUMBERS
    ]
    assert not strange.any()


def test_numbers_are_rounded_to_the_nearest():
    drawn = np.random.default_rng(0).random(1000)
    texts = [repr(float(value)) for value in drawn]
    np.testing.assert_array_equal(numbers(pd.Series(texts, dtype="str"))[0], drawn)
    np.testing.assert_array_equal(numbers(pd.Series([*texts, ""], dtype="str"))[0][:-1], drawn)


@pytest.mark.parametrize("text", ["high", "1_0", "0.5.1", "1,2,3", "1.234,5", "٣", "0x1"])
def test_what_is_no_number_is_told_from_what_is_not_known(text):
    values, strange = numbers(pd.Series([text, "", "nan", "NA", "null"], dtype="str"))
    assert np.isnan(values).all()
    assert list(strange) == [True, False, False, False, False]
    assert np.isnan(number_of(text))
