"""Text in every encoding that tables come in; Python's own codecs are the oracle."""

import bz2
import gzip
import io
import lzma
import os
import zipfile

import pytest

from cxrtune.errors import DataError
from cxrtune.text_file import decode, read_lines, read_utf8, untold

TEXT = "image,Größe\r\nKrüger.png,1\r\nplain.png,0\r\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_unicode_is_read_as_it_is_with_and_without_its_mark(tmp_path, encoding):
    (tmp_path / "t.csv").write_bytes(TEXT.encode(encoding))
    found = read_utf8(tmp_path / "t.csv", "")
    assert (found.text, found.guess) == (TEXT, "")


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_either_order_of_bytes(mark):
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    assert decode(mark + TEXT.encode(encoding)).text == TEXT


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_what_is_no_unicode_is_read_as_windows_1252_and_said_to_be_a_guess(encoding):
    found = decode(TEXT.encode(encoding))
    assert found.text == TEXT
    assert found.guess == "is not UTF-8 text: 2 lines, line 1 for one, read as Windows-1252"
    euro = decode("price €\n".encode("cp1252"))
    assert euro.text == "price €\n"
    assert euro.guess == "is not UTF-8 text: line 1 read as Windows-1252"


def test_a_file_that_two_programs_wrote_is_read_line_by_line():
    data = "Zoë\n".encode() + "Krüger\n".encode("latin-1")
    assert decode(data).text == "Zoë\nKrüger\n"


def _zipped(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return stream.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        *(gzip.compress, bz2.compress, lzma.compress),
        *(lambda _: _zipped("labels.csv"), lambda _: _zipped("labels.csv", "__MACOSX/labels.csv")),
    ],
    ids=["gzip", "bzip2", "xz", "zip", "zip of a Mac"],
)
def test_packed_files_are_unpacked_whatever_they_are_called(tmp_path, pack):
    (tmp_path / "t.csv").write_bytes(pack(TEXT.encode()))
    assert read_utf8(tmp_path / "t.csv", "").text == TEXT


BAD = {
    "an image": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is no text: it holds zero bytes"),
    "control characters": (b"\xff\x01\x02\x03\x04", "is no text: it holds control characters"),
    "no letter of either": (b"a,\x81\n", "is no text in UTF-8 or Windows-1252 (line 1)"),
    "half a UTF-16": (b"\xff\xfea\0b", "is no text: it begins like UTF-16-LE and is not"),
    "a workbook": (_zipped("xl/workbook.xml"), "is an Excel workbook and no text; save it as CSV"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel workbook and no text; save it"),
    "two files": (_zipped("a.csv", "b.csv"), "is an archive of 2 files, expected one"),
    "half a gzip": (gzip.compress(TEXT.encode())[:-9], "cannot be unpacked: Compressed file ended"),
    "no gzip": (b"\x1f\x8bno", "cannot be unpacked: Compressed file ended"),
    "no zip": (b"PK\3\4no", "cannot be unpacked: File is not a zip file"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_what_is_no_text_is_refused_by_name(tmp_path, data, message):
    path = tmp_path / "labels.csv"
    path.write_bytes(data)
    with pytest.raises(DataError) as refused:
        read_utf8(path, "Give a table.")
    assert str(refused.value).startswith(f"{path}: {message}")
    assert str(refused.value).endswith("\nGive a table.")


def test_a_folder_is_no_text(tmp_path):
    with pytest.raises(DataError, match="cannot be read: is a directory"):
        read_utf8(tmp_path, "")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_have_no_ends_and_no_blanks(tmp_path, end):
    names = ["a.png", "", " b\x85c.png ", "d e.png"]
    (tmp_path / "list.txt").write_bytes(end.join(names).encode("utf-8-sig"))
    assert read_lines(tmp_path / "list.txt", "", untold) == ["a.png", "b\x85c.png", "d e.png"]


def test_a_guess_is_told_with_the_files_name(tmp_path):
    (tmp_path / "list.txt").write_bytes("Krüger.png\n".encode("latin-1"))
    told = []
    assert read_lines(tmp_path / "list.txt", "", told.append) == ["Krüger.png"]
    assert told == ["list.txt is not UTF-8 text: line 1 read as Windows-1252"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    (tmp_path / "t.csv").write_text(TEXT)
    (tmp_path / "t.csv").chmod(0)
    with pytest.raises(DataError, match="cannot be read: permission denied"):
        read_utf8(tmp_path / "t.csv", "")
