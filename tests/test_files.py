"""Files that are whole or not there, tried with real folders, disks and processes."""

import errno
import hashlib
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from command_line import files_below
from cxrtune.errors import OutputError
from cxrtune.files import naming_output_errors, sha256_of, write_text, write_whole


def test_a_file_appears_under_its_name_only_when_it_is_done(tmp_path):
    path = tmp_path / "new" / "deep" / "table.csv"
    with write_whole(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        assert partial.suffix == ".csv"
        assert partial.name.startswith(".")
        partial.write_text("whole")
    assert path.read_text() == "whole"
    assert files_below(tmp_path) == {"new/deep/table.csv"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, OSError])
@pytest.mark.parametrize("old", ["old", None])
def test_an_exception_inside_leaves_what_was_there(tmp_path, error, old):
    path = tmp_path / "table.csv"
    if old is not None:
        path.write_text(old)

    def fail():
        with write_whole(path) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert files_below(tmp_path) == (set() if old is None else {"table.csv"})
    if old is not None:
        assert path.read_text() == old


def test_a_writer_that_writes_nothing_is_no_success(tmp_path):
    with pytest.raises(OSError, match="No such file"), write_whole(tmp_path / "table.csv"):
        pass
    assert not files_below(tmp_path)


def test_text_is_written_as_utf_8(tmp_path):
    write_text(tmp_path / "text.txt", "Köhler 50 µm\n")
    assert (tmp_path / "text.txt").read_bytes() == b"K\xc3\xb6hler 50 \xc2\xb5m\n"


def test_the_temporary_file_of_a_dead_process_is_removed_and_no_other(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".table.partial-{dead.pid}.csv").write_text("gigabytes")
    others = {
        f".table.partial-{os.getppid()}.csv",  # alive
        f".table.partial-{dead.pid}.parquet",  # of another file
        f".tables.partial-{dead.pid}.csv",
        ".table.partial-me.csv",
        "table.partial.csv",
    }
    for name in others:
        (tmp_path / name).write_text("somebody's")
    write_text(tmp_path / "table.csv", "whole")
    assert files_below(tmp_path) == others | {"table.csv"}


@contextmanager
def closed_folder():
    """A folder that nobody may write to, not even the tests run as root."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)  # nobody: root may write anywhere
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        folder.rmdir()


def test_a_folder_that_is_closed_is_named():
    with closed_folder() as folder:
        for path in (folder / "table.csv", folder / "new" / "table.csv"):
            with pytest.raises(OutputError, match="permission denied") as refused:
                write_text(path, "text")
            assert refused.value.path == path
            assert refused.value.remedy


def _below_a_file(folder):
    (folder / "file").write_text("mine")
    return folder / "file" / "table.csv"


def _deep_below_a_file(folder):
    return _below_a_file(folder).parent / "new" / "table.csv"


def _a_folder(folder):
    (folder / "table.csv" / "inside").mkdir(parents=True)
    return folder / "table.csv"


def _too_long(folder):
    return folder / ("x" * 300 + ".csv")


@pytest.mark.parametrize(
    "place", [_below_a_file, _deep_below_a_file, _a_folder, _too_long], ids=lambda f: f.__name__
)
def test_a_place_that_no_file_can_have_is_named(tmp_path, place):
    path = place(tmp_path)
    before = files_below(tmp_path)
    with pytest.raises(OutputError, match="cannot be written") as refused:
        write_text(path, "text")
    assert refused.value.path == path
    assert files_below(tmp_path) == before


def test_a_full_disk_is_named_and_the_old_file_stays(small_disk):
    path = small_disk.path / "table.csv"
    write_text(path, "old")
    small_disk.fill()
    with pytest.raises(OutputError, match="disk is full"):
        write_text(path, "new" * 10_000)
    assert path.read_text() == "old"
    assert files_below(small_disk.path) == {"table.csv", "ballast"}


def test_errors_that_are_not_of_writing_pass_unchanged(tmp_path):
    with pytest.raises(OSError, match="wire") as passed, naming_output_errors(tmp_path / "x"):
        raise OSError(errno.EIO, "the wire is loose")
    assert not isinstance(passed.value, OutputError)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_the_hash_is_that_of_the_whole_file(tmp_path, size):
    data = bytes(range(251)) * (size // 251 + 1)
    (tmp_path / "file").write_bytes(data[:size])
    assert sha256_of(tmp_path / "file") == hashlib.sha256(data[:size]).hexdigest()
