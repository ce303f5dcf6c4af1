"""Images that are missing, damaged, of another size or mode, twice, or no files of the folder at all."""

import os
import shutil
import unicodedata

import numpy as np
import pytest
from PIL import Image

from nih_folder import image_of

TABLE = "Data_Entry_2017_v2020.csv"


def _move_to_archives(folder):
    """The layout of the full download: the first image alone in images_001, the rest in images_002."""
    for number, image in enumerate(folder.images):
        place = folder.path / f"images_{1 if number == 0 else 2:03d}" / "images"
        place.mkdir(parents=True, exist_ok=True)
        folder.file(image).rename(place / image)
    (folder.path / "images").rmdir()


def test_a_clean_folder_gets_one_reassuring_line(nih_folder, verify):
    verified = verify(nih_folder.path, decode=True)
    assert not verified.problems
    first, last = verified.seen.out.splitlines()
    assert first.startswith(
        "Nothing is wrong. images: 40 files, all decoded, 40 of the table's 40; "
        f"table: {TABLE}, no table of NIH's: 40 rows, 24 patients"
    )
    assert last.startswith("The whole list: ")
    assert verified.seen.code == 0


def test_a_clean_folder_of_many_folders(nih_folder, verify):
    _move_to_archives(nih_folder)
    assert not verify(nih_folder.path).problems


def test_a_missing_image_is_a_warning_and_an_extra_one_too(nih_folder, verify):
    image = nih_folder.images[7]
    nih_folder.file(image).rename(nih_folder.file("stranger.png"))
    verified = verify(nih_folder.path)
    assert [(p["kind"], p["severity"], p["file"]) for p in verified.problems] == [
        ("missing-image", "warning", image),
        ("extra-image", "warning", "images/stranger.png"),
    ]
    assert verified.seen.code == 0
    assert "2 warnings of 2 kinds: cxrtune can work with this folder as it is." in verified.seen.out


def test_many_missing_images_take_few_lines(nih_folder, verify):
    for image in nih_folder.images[5:]:
        nih_folder.file(image).unlink()
    verified = verify(nih_folder.path)
    assert len(verified.of("missing-image")) == 35
    out = verified.seen.out
    assert f"warning: missing-image (35): is in {TABLE} but not on disk\n" in out
    assert f"    {', '.join(nih_folder.images[5:8])} and 32 more\n    -> Unpack" in out
    assert len(out.splitlines()) < 12
    shown = verify(nih_folder.path, "--examples", "35").seen.out
    assert all(image in shown for image in nih_folder.images[5:])


@pytest.mark.parametrize("other", ["00000001_000.PNG", "00000001_000.jpg"])
def test_a_missing_image_under_another_suffix_is_recognised(nih_folder, verify, other):
    nih_folder.file("00000001_000.png").rename(nih_folder.file(other))
    (problem,) = verify(nih_folder.path).of("missing-image")
    assert f"{other} is there: rename it" in problem["what"]


def test_no_image_at_all_is_one_error(nih_folder, verify):
    shutil.rmtree(nih_folder.path / "images")
    verify(nih_folder.path).only("missing-image", "error", str(nih_folder.path), "holds no images", "Unpack")


def test_the_folder_of_images_named_instead_of_the_one_above(nih_folder, verify):
    images = nih_folder.path / "images"
    (problem,) = [p for p in verify(images).problems if p["kind"] == "missing-image"]
    assert "; 40 lie in the folder itself" in problem["what"]
    assert problem["remedy"] == "Move them into images/, or name the folder above."


def test_images_of_another_data_set_are_errors(nih_folder, verify):
    for image in nih_folder.images:
        nih_folder.file(image).rename(nih_folder.file(f"x{image}"))
    verified = verify(nih_folder.path)
    assert {problem["severity"] for problem in verified.of("missing-image")} == {"error"}


def _empty(path):
    path.write_bytes(b"")


def _truncated(path):
    path.write_bytes(path.read_bytes()[:-100])


def _flipped(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def _web_page(path):
    path.write_bytes(b"<html>Please log in</html>")


def _dead_link(path):
    path.unlink()
    path.symlink_to(path.with_name("gone.png"))


@pytest.mark.parametrize(
    ("damage", "words", "decode"),
    [
        (_empty, "is empty (0 bytes)", False),
        (_empty, "is empty (0 bytes)", True),
        (_dead_link, "is a link to a file that is not there", False),
        (_truncated, "is truncated", True),
        (_flipped, "cannot be decoded", True),
        (_web_page, "is a web page or XML document", True),
    ],
)
def test_an_unreadable_image(nih_folder, verify, damage, words, decode):
    image = nih_folder.images[3]
    damage(nih_folder.file(image))
    verify(nih_folder.path, decode=decode).only("unreadable-image", "error", f"images/{image}", words)


def test_sizes_and_modes(nih_folder, verify):
    size, rgba, colour, deep = nih_folder.images[3:7]
    Image.fromarray(image_of(3, 48)).save(nih_folder.file(size))
    Image.fromarray(image_of(4)).convert("RGBA").save(nih_folder.file(rgba))
    Image.fromarray(np.dstack([image_of(n) for n in (5, 6, 7)])).save(nih_folder.file(colour))
    Image.fromarray(image_of(6).astype(np.uint16) * 257).save(nih_folder.file(deep))
    verified = verify(nih_folder.path, decode=True)
    assert [(p["severity"], p["file"], p["what"]) for p in verified.problems] == [
        ("error", f"images/{colour}", "is in colour (RGB, channels differ), expected 8-bit grey"),
        (
            "warning",
            f"images/{size}",
            "is 48 x 48 px, expected 64 x 64 px: 39 of 40 images are",
        ),
        (
            "warning",
            f"images/{rgba}",
            "is stored as RGBA with equal channels, opaque, expected 8-bit grey",
        ),
        ("warning", f"images/{deep}", "is stored as 16-bit grey, expected 8-bit grey"),
    ]
    assert verified.seen.code == 1


def test_where_no_size_is_usual_none_is_expected(nih_folder, verify):
    for number, image in enumerate(nih_folder.images):
        Image.fromarray(image_of(number, 40 + number)).save(nih_folder.file(image))
    assert not verify(nih_folder.path, decode=True).problems


def _images_of(folder, patient):
    return [row["Image Index"] for row in folder.rows if row["Patient ID"] == str(patient)]


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "severity", "words"),
    [
        ((1, 0), (1, 1), "warning", "all are of one patient"),
        ((1, 0), (2, 0), "error", "it stands under 2 patients"),
        ((1, 0), (4, 0), "error", "the copies are in the test part and the training part"),
    ],
)
def test_the_same_image_twice(nih_folder, verify, decode, first, second, severity, words):
    one, two = (_images_of(nih_folder, patient)[place] for patient, place in (first, second))
    if decode:  # the same pixels, in other bytes
        Image.open(nih_folder.file(one)).save(nih_folder.file(two), compress_level=1)
    else:
        shutil.copy(nih_folder.file(one), nih_folder.file(two))
    text = verify(nih_folder.path, decode=decode).only("duplicate-image", severity, f"images/{one}", words)
    assert f"is the same image as images/{two}" in text


def test_a_copy_that_the_table_does_not_name(nih_folder, verify):
    image = nih_folder.images[0]
    shutil.copy(nih_folder.file(image), nih_folder.file("copy.png"))
    (problem,) = verify(nih_folder.path).of("duplicate-image")
    assert problem["severity"] == "warning"
    assert "not all of them are in the table" in problem["what"]


def test_files_of_one_size_that_differ_in_the_middle_are_no_duplicates(nih_folder, verify):
    for number in (0, 1):
        nih_folder.file(nih_folder.images[number]).write_bytes(bytes(9000) + bytes([number]) + bytes(9000))
    assert not verify(nih_folder.path).of("duplicate-image")


def test_a_link_out_of_the_folder(nih_folder, verify, tmp_path):
    image = nih_folder.images[2]
    elsewhere = tmp_path / "elsewhere.png"
    nih_folder.file(image).rename(elsewhere)
    nih_folder.file(image).symlink_to(elsewhere)
    verify(nih_folder.path).only("link-outside", "warning", f"images/{image}", f"to {elsewhere}")


def test_a_link_within_the_folder_is_none_of_it(nih_folder, verify):
    image = nih_folder.images[2]
    (nih_folder.path / "store").mkdir()
    nih_folder.file(image).rename(nih_folder.path / "store" / image)
    nih_folder.file(image).symlink_to(nih_folder.path / "store" / image)
    assert not verify(nih_folder.path).problems


def test_a_folder_of_images_on_another_disk_is_told_once(nih_folder, verify, tmp_path):
    (nih_folder.path / "images").rename(tmp_path / "disk")
    (nih_folder.path / "images").symlink_to(tmp_path / "disk")
    verify(nih_folder.path).only("link-outside", "warning", "images", f"to {tmp_path / 'disk'}")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("chest 1.png", "a name with spaces"),
        ("Thorax-Müller.png", "a name with letters beyond ASCII"),
        (unicodedata.normalize("NFD", "é.png"), "accents in two parts"),
        ("a;b$(c).png", "characters that a shell takes for its own"),
        ("a\tb.png", "characters that cannot be seen"),
        (b"\xe4.png".decode("utf-8", "surrogateescape"), "bytes that are not UTF-8"),
    ],
)
def test_odd_names(nih_folder, verify, name, words):
    nih_folder.file("00000001_000.png").rename(nih_folder.file(name))
    if "\udce4" not in name:  # a table cannot hold it
        nih_folder.rows[0]["Image Index"] = name
        nih_folder.write_table()
        nih_folder.write_lists()
    verified = verify(nih_folder.path)
    (problem,) = verified.of("odd-name")
    assert words in problem["what"]
    assert problem["file"].isprintable()
    assert not verified.of("missing-image") or "\udce4" in name
    assert not verified.seen.code


def test_what_a_stopped_download_of_ours_left_is_told_as_such(nih_folder, verify):
    (nih_folder.path / ".images_002.unpacking").mkdir()
    (nih_folder.path / "images_003.tar.gz.part.json").write_text("{}")
    for name in (".images_002.unpacking", "images_003.tar.gz.part.json"):
        (problem,) = [one for one in verify(nih_folder.path).of("half-unpacked") if one["file"] == name]
        assert "is of a download that did not end" in problem["what"]


@pytest.mark.parametrize("name", ["00000009_000.png.part", ".00000009_000.png.Xy12Zq", "._00000001_000.png"])
def test_traces_of_an_unpacking_that_did_not_end(nih_folder, verify, name):
    nih_folder.file(name).write_bytes(b"x")
    verify(nih_folder.path).only("half-unpacked", "warning", f"images/{name}", "did not end", "Do it again")


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "notes.txt", "DICOMDIR", "README"])
def test_what_file_managers_leave_is_no_problem(nih_folder, verify, name):
    nih_folder.file(name).write_bytes(b"x")
    assert not verify(nih_folder.path).problems


def test_an_archive_that_still_lies_there_matters_only_if_images_are_missing(nih_folder, verify):
    (nih_folder.path / "images_002.tar.gz").write_bytes(b"x")
    assert not verify(nih_folder.path).problems
    nih_folder.file(nih_folder.images[1]).unlink()
    (problem,) = verify(nih_folder.path).of("half-unpacked")
    assert problem["file"] == "images_002.tar.gz"
    assert "1 images are missing" in problem["what"]
    assert "`cxrtune.download dataset=nih`" in problem["remedy"]


def test_one_name_in_two_folders(nih_folder, verify):
    image = nih_folder.images[2]
    (nih_folder.path / "images_002" / "images").mkdir(parents=True)
    shutil.copy(nih_folder.file(image), nih_folder.path / "images_002" / "images" / image)
    verify(nih_folder.path).only("same-name", "error", f"images_002/images/{image}", "lies in images too")


def test_a_folder_that_cannot_be_listed(nih_folder, verify, monkeypatch):
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("images"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    # Whoever may read everything, as in a container, cannot be kept out of a folder.
    monkeypatch.setattr(os, "scandir", closed)
    verified = verify(nih_folder.path)
    (problem,) = verified.of("unreadable-folder")
    assert problem["what"] == "cannot be listed: permission denied"
    assert "chmod" in problem["remedy"]


def test_an_archive_beside_no_images_is_to_be_unpacked(nih_folder, verify):
    shutil.rmtree(nih_folder.path / "images")
    (nih_folder.path / "images_001.tar.gz").write_bytes(b"x")
    kinds = [(problem["kind"], problem["file"]) for problem in verify(nih_folder.path).problems]
    assert kinds == [
        ("missing-image", str(nih_folder.path)),
        ("half-unpacked", "images_001.tar.gz"),
    ]


def test_a_pipe_is_no_image_and_nothing_waits_for_it(nih_folder, verify):
    image = nih_folder.images[0]
    nih_folder.file(image).unlink()
    os.mkfifo(nih_folder.file(image))
    assert [problem["file"] for problem in verify(nih_folder.path, decode=True).problems] == [image]
