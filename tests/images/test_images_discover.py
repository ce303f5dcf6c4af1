"""What a user names -> files: patterns, folders, names that are shared, and what is not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cxrtune.errors import DataError
from cxrtune.images.discover import Role, search
from cxrtune.images.listing import list_images
from dicom_made import dicom


@pytest.fixture
def tree(tmp_path):
    for name in ("a.png", "b.JPG", "c.dcm", "notes.txt", "deep/er/d.jpeg", "deep/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def find_images(inputs):
    return list_images(inputs).files()


def names(found):
    return [image.path.name for image in found]


def test_a_folder_is_searched_to_the_bottom_in_order(tree):
    assert names(find_images([tree])) == ["a.png", "b.JPG", "c.dcm", "a.png", "d.jpeg"]


def test_a_name_that_two_files_share_becomes_the_path(tree):
    found = {image.path: image.name for image in find_images([tree])}
    assert found[tree / "deep" / "a.png"] == (tree / "deep" / "a.png").as_posix()
    assert found[tree / "b.JPG"] == "b.JPG"


def test_a_file_named_twice_is_one(tree):
    assert names(find_images([tree / "a.png", tree / "a.png"])) == ["a.png"]


def test_patterns_are_understood_where_the_shell_left_them(tree):
    assert names(find_images([tree / "**" / "*.png"])) == ["a.png", "a.png"]
    with pytest.raises(DataError, match="no file fits this pattern"):
        find_images([tree / "*.bmp"])


def test_a_named_file_is_taken_whatever_it_is_called(tree):
    assert names(find_images([tree / "notes.txt"])) == ["notes.txt"]


def test_files_of_an_archive_without_suffix_are_known_by_content(tmp_path):
    import numpy as np

    made = dicom(np.zeros((8, 8), int))
    for name in ("IM000001", "1.2.840.10008.1", "DICOMDIR"):
        (tmp_path / name).write_bytes(made)
    (tmp_path / "README").write_text("nothing")
    assert names(find_images([tmp_path])) == ["1.2.840.10008.1", "IM000001"]


HIDDEN_OR_OTHER = {
    "._a.png": b"\0\x05\x16\x07",  # the twin that macOS writes beside a file on a foreign disk
    ".DS_Store": b"\0\0\0\1Bud1",
    "Thumbs.db": b"\xd0\xcf\x11\xe0",
    "DICOMDIR": bytes(128) + b"DICM",
    "README": b"Images of a study",
    "labels.csv": b"image,Effusion\n",
    "raw.bin": b"\x08\0\x05\0CS\x0a\0ISO_IR 100",
}


def test_what_is_no_image_is_passed_over_and_counted(tmp_path):
    for name, data in HIDDEN_OR_OTHER.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "a.png").write_bytes(b"x")
    found = list_images([tmp_path])
    passed = found.passed
    assert names(found.files()) == ["a.png"]
    assert (passed.count, Path(passed.example).name) == (5, "DICOMDIR")  # hidden ones are not counted
    # What is named itself is taken, whatever it is.
    assert names(find_images([tmp_path / "README"])) == ["README"]


def test_images_that_are_not_read_are_found_so_that_their_reader_names_them(tmp_path):
    for name in ("a.webp", "b.bmp", "c.jp2", "d.gif", "e.tif"):
        (tmp_path / name).write_bytes(b"x")
    assert names(find_images([tmp_path])) == ["a.webp", "b.bmp", "c.jp2", "d.gif", "e.tif"]


def test_files_of_unknown_suffix_are_known_by_content(tmp_path):
    import numpy as np

    made = dicom(np.zeros((8, 8), int))
    (tmp_path / "chest.IMA").write_bytes(made)
    (tmp_path / "chest.dc3").write_bytes(made)
    (tmp_path / "chest.jfif").write_bytes(b"\xff\xd8\xff\xe0")
    # A data set without a preamble: many a file looks like one.
    (tmp_path / "chest.raw").write_bytes(made[132:])
    (tmp_path / "chest").write_bytes(made[132:])
    assert names(find_images([tmp_path])) == ["chest", "chest.IMA", "chest.dc3", "chest.jfif"]


def test_hidden_folders_are_not_searched_and_links_to_folders_not_followed(tmp_path):
    for name in (".cache/a.png", "b/.c/c.png", "b/d.png", ".Trash-0/e.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "b" / "round").symlink_to(tmp_path)
    assert names(find_images([tmp_path])) == ["d.png"]
    # What is named itself is searched, hidden or not.
    assert names(find_images([tmp_path / ".cache"])) == ["a.png"]
    entries = [(entry.role, entry.file.name) for entry in search(tmp_path / "b")]
    assert sorted(entries, key=lambda entry: entry[1]) == [(Role.IMAGE, "d.png"), (Role.LINKED, "round")]
    assert [entry.file for entry in search(tmp_path, deep=False)] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has such names")
def test_a_name_that_is_not_utf8_is_written_out(tmp_path):
    with open(os.fsencode(tmp_path) + b"/Kr\xfcger.png", "wb") as file:  # noqa: PTH123  a Path is text
        file.write(b"x")
    (found,) = find_images([tmp_path])
    assert found.name == "Kr\\xfcger.png"
    assert found.path.read_bytes() == b"x"


def test_what_is_not_there_is_an_error(tmp_path):
    with pytest.raises(DataError, match="there is no such file or folder"):
        find_images([tmp_path / "gone.png"])
    with pytest.raises(DataError, match=r"holds no images \(PNG, JPEG, TIFF or DICOM\)"):
        find_images([tmp_path])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root is needed to become nobody")
def test_a_folder_that_cannot_be_opened_is_an_entry_with_its_reason(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (tmp_path / "a.png").write_bytes(b"x")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    program = (
        "import os, sys; from pathlib import Path; from cxrtune.images.listing import list_images\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "print([(i.path.name, i.problem) for i in list_images([Path(sys.argv[1])]).files()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert ("'closed', 'the folder cannot be opened: permission denied'") in done.stdout
    assert "('a.png', None)" in done.stdout
