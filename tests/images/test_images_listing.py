"""The list of what a user names: as a plain search finds it, with its names; a million files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cxrtune.errors import DataError
from cxrtune.images.discover import is_image
from cxrtune.images.listing import list_images
from dicom_made import dicom

NAMES = (
    *("b.png", "a.png", "B.JPG", "c.dcm", "notes.txt", "deep/er/d.jpeg", "deep/a.png", "deep-er/a.png"),
    *(
        "a folder/thorax é ä.png",
        "a folder/.hidden.png",
        "a folder/.png",
        "z/IM0001",
        "z/1.2.840.1",
        "z/x.bmp",
    ),
)


@pytest.fixture
def tree(tmp_path):
    import numpy as np

    made = dicom(np.zeros((8, 8), int))
    place = tmp_path / "tree"
    for name in NAMES:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(made if "IM" in name or "840" in name else b"x")
    (place / "link.png").symlink_to(place / "a.png")
    (place / "broken.png").symlink_to(place / "gone.png")
    (place / "round.png").symlink_to(place / "round.png")
    (place / "deep" / "circle").symlink_to(place)
    return place


def listed(inputs):
    listing = list_images(inputs)
    return listing.slice(0, len(listing.table)).to_pylist()


def searched(inputs):
    """The same by other means: every file of each folder, its name, and its path where two share that."""
    found = {}
    for given in inputs:
        fitting = sorted(given.parent.glob(given.name)) if "*" in given.name else [given]
        for path in fitting:
            if not path.is_dir():
                found[path] = None
                continue
            for place, folders, names in os.walk(path):
                folders.sort()
                files = (Path(place) / name for name in sorted(names))
                found |= {file: None for file in files if file.is_file() and is_image(file.name, file)}
    names = [path.name for path in found]
    return {path: path.name if names.count(path.name) == 1 else path.as_posix() for path in found}


@pytest.mark.parametrize("inputs", [["tree"], ["tree/deep", "tree"], ["tree/*.png", "tree/notes.txt"], ["."]])
def test_it_is_what_a_plain_search_finds(tree, tmp_path, monkeypatch, inputs):
    monkeypatch.chdir(tmp_path)
    for place in (Path(), tmp_path):
        named = [place / name for name in inputs]
        rows, expected = listed(named), searched(named)
        assert [row["image"] for row in rows] == list(expected.values())
        assert [Path(os.fsdecode(row["path"])) for row in rows] == [path.absolute() for path in expected]
        files = list_images(named).files()
        assert {file.path: file.name for file in files} == expected
        assert all(file.problem is None for file in files)


def test_sizes_and_times_are_those_of_the_files(tree):
    rows = {row["image"]: row for row in listed([tree])}
    row, status = rows["b.png"], (tree / "b.png").stat()
    assert (row["bytes"], row["changed"], row["problem"]) == (status.st_size, status.st_mtime_ns, None)


def test_the_digest_changes_with_any_file_and_with_nothing_else(tree):
    before = list_images([tree]).digest()
    assert list_images([tree]).digest() == before
    os.utime(tree / "z" / "IM0001", ns=(1, 1))
    after = list_images([tree]).digest()
    assert after != before
    (tree / "b.png").rename(tree / "bb.png")
    assert list_images([tree]).digest() not in (before, after)


def test_a_name_that_is_no_utf_8_is_written_out_and_the_file_is_found(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.png")  # noqa: PTH118
    with open(path, "wb"):  # noqa: PTH123
        pass
    (row,) = listed([tmp_path])
    assert (row["image"], row["path"]) == ("caf\\xe9.png", path)


def test_nothing_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"holds no images \(PNG, JPEG, TIFF or DICOM\)"):
        list_images([tmp_path])
    with pytest.raises(DataError, match="there is no such file or folder"):
        list_images([tmp_path / "gone.png"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root is needed to become nobody")
def test_a_closed_folder_is_a_row_with_its_reason(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "a.png").write_bytes(b"x")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from cxrtune.images.listing import list_images\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "print(list_images([Path(sys.argv[1])]).slice(0, 9).select(['image', 'problem']).to_pylist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "{'image': 'closed', 'problem': 'the folder cannot be opened: permission denied'}" in done.stdout
    assert "{'image': 'a.png', 'problem': None}" in done.stdout


@pytest.mark.nightly
def test_a_million_files_in_one_folder_take_some_hundred_megabytes(tmp_path):
    folder = os.fsencode(tmp_path)
    for number in range(1_000_000):
        os.close(os.open(folder + b"/%08d_000.png" % number, os.O_CREAT | os.O_WRONLY))
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from cxrtune.images.listing import list_images\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = used(); found = list_images([Path(sys.argv[1])]); found.digest()\n"
        "print(len(found.table), (used() - before) // 1024, found.slice(999_999, 1)['image'][0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    files, megabytes, last = done.stdout.split()
    assert (files, last) == ("1000000", "00999999_000.png")
    assert int(megabytes) < 400
