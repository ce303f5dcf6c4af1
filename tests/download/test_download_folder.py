"""The data folder: a second start, the record, and folders and disks that will not have it."""

import hashlib
import json
import os
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from hostile_host import drops, in_chunks, says, stalls
from small_set import HASTE

from command_line import files_below
from cxrtune.download.catalogue import load_catalogue
from cxrtune.download.download import download
from cxrtune.download.place import DownloadError
from cxrtune.errors import CxrtuneError, DataError, OutputError, UsageError

NAME = "images_001.tar.gz"


def record(data_set) -> dict:
    return json.loads((data_set.folder / "download.json").read_text())


@pytest.mark.parametrize("known", ["sha256", "md5", "bytes", "nothing"])
def test_everything_is_recorded(data_set, host, known):
    data_set.known = known
    summary = data_set.fetch()
    content = record(data_set)
    assert content["dataset"] == "small"
    assert set(content["files"]) == set(host.files)
    for name, file in content["files"].items():
        assert file["sha256"] == hashlib.sha256(host.files[name]).hexdigest()
        assert file["bytes"] == len(host.files[name])
        assert file["link"] == f"{host.address}/{name}"
        assert file["verified"] == (known if known in ("sha256", "md5") else "nothing")
        assert file["when"].endswith("+00:00")
    assert content["files"][NAME]["unpacked"] == {"folder": "images_001", "images": 4, "bytes": 240_000}
    assert summary.unverified == (() if known in ("sha256", "md5") else tuple(host.files))


def test_a_second_start_asks_nobody_and_changes_nothing(data_set, host):
    data_set.fetch()
    before = {path: path.stat().st_mtime_ns for path in data_set.folder.rglob("*")}
    host.asked.clear()
    data_set.fetch()
    assert not host.asked
    assert {path: path.stat().st_mtime_ns for path in data_set.folder.rglob("*")} == before
    assert data_set.listener.said[-1].startswith("A small set: all 4 files are in their place")


def test_archives_are_kept_on_request_and_stay(data_set, host):
    data_set.fetch(keep_archives=True)
    assert data_set.is_complete(archives=True)
    data_set.fetch()
    assert data_set.is_complete(archives=True)


@pytest.mark.parametrize("gone", ["images_001/images/00000001_002.png", "images_001", "table.csv"])
def test_what_was_removed_is_fetched_again_and_nothing_else(data_set, host, gone):
    data_set.fetch()
    host.asked.clear()
    path = data_set.folder / gone
    if path.is_file():
        path.unlink()
    else:
        path.rename(data_set.folder.parent / "elsewhere")
    data_set.fetch()
    assert data_set.is_complete()
    assert set(host.asked) == {"table.csv" if gone == "table.csv" else NAME}


def test_an_archive_that_somebody_put_there_afterwards_is_left_alone(data_set):
    data_set.fetch()
    (data_set.folder / NAME).write_bytes(b"mine")
    data_set.fetch()
    assert data_set.found() == data_set.expected() | {NAME: b"mine"}


def test_an_archive_that_was_kept_is_not_fetched_again(data_set, host):
    data_set.fetch(keep_archives=True)
    host.asked.clear()
    (data_set.folder / "images_001").rename(data_set.folder.parent / "elsewhere")
    data_set.fetch(keep_archives=True)
    assert data_set.is_complete(archives=True)
    assert not host.asked


@pytest.mark.parametrize("known", ["sha256", "nothing"])
def test_a_file_that_was_changed_is_told_and_left(data_set, known):
    data_set.known = known
    data_set.fetch()
    (data_set.folder / "table.csv").write_text("mine")
    with pytest.raises(DataError, match="was changed since it was fetched") as refused:
        data_set.fetch()
    assert refused.value.path == data_set.folder / "table.csv"
    assert "Move it away" in refused.value.remedy
    assert (data_set.folder / "table.csv").read_text() == "mine"


def test_a_folder_in_place_of_a_file_is_told(data_set):
    (data_set.folder / "table.csv").mkdir(parents=True)
    with pytest.raises(DataError, match="is no file"):
        data_set.fetch()


@pytest.mark.parametrize("content", ["{", "[]", '{"dataset": "small"}', "\xff"])
def test_a_damaged_record_is_told_and_can_be_moved_away(data_set, host, content):
    data_set.fetch()
    (data_set.folder / "download.json").write_text(content, encoding="latin-1")
    with pytest.raises(DataError, match="no record of a download, or damaged") as refused:
        data_set.fetch()
    assert "Move it away" in refused.value.remedy
    (data_set.folder / "download.json").unlink()
    data_set.fetch()
    assert data_set.is_complete()


def test_a_folder_of_another_data_set_is_refused(data_set):
    data_set.fetch()
    path = data_set.folder / "download.json"
    path.write_text(path.read_text().replace('"small"', '"nih"'))
    with pytest.raises(DataError, match="says that 'nih' was downloaded here, not 'small'"):
        data_set.fetch()


def test_a_folder_with_the_images_in_another_layout_is_refused(data_set, host):
    (data_set.folder / "images").mkdir(parents=True)
    with pytest.raises(DataError, match="holds images/ already"):
        data_set.fetch()
    assert not host.asked


def test_one_failure_does_not_stop_the_others_and_all_are_told(data_set, host):
    host.always[NAME] = says(404)
    host.always["table.csv"] = says(403)
    with pytest.raises(DownloadError) as refused:
        data_set.fetch(jobs=1)
    assert refused.value.message == f"2 of 4 files are not in their place: {NAME}, table.csv"
    assert "Run the same command again" in refused.value.remedy
    told = "\n".join(data_set.listener.warned)
    assert "it answers 404" in told
    assert "it answers 403" in told
    assert not (data_set.folder / ".download.lock").exists()
    host.always.clear()
    data_set.fetch()
    assert data_set.is_complete()


def test_many_failures_of_one_cause_are_one_line(data_set, host):
    """Nobody who is offline wants sixteen warnings."""
    host.files |= {f"table_{number}.csv": b"x" for number in range(6)}
    data_set.write_catalogue()
    with pytest.raises(DownloadError) as refused:
        data_set.fetch(mirror="http://127.0.0.1:1", rewrite=False)
    assert refused.value.message == (
        "10 of 10 files are not in their place: "
        "images_001.tar.gz, images_002.tar.gz, images_003.tar.gz, table.csv and 6 more"
    )
    (told,) = data_set.listener.warned
    assert told.startswith(
        "images_001.tar.gz, images_002.tar.gz, images_003.tar.gz, table.csv, table_0.csv, "
    )
    assert "the host cannot be reached (connection refused), 3 times in a row\nRun the same command" in told


def test_what_becomes_of_cxrtune_without_a_file_is_told(data_set, host):
    text = data_set.write_catalogue().read_text()
    data_set.catalogue.write_text(
        text.replace("  name: table.csv\n", "  name: table.csv\n  without: it uses another\n")
    )
    host.always["table.csv"] = says(404)
    with pytest.raises(DownloadError, match="it answers 404"):
        data_set.fetch(rewrite=False)
    assert data_set.listener.warned == ["table.csv not there: it uses another"]


@pytest.mark.parametrize("jobs", [1, 3, 32])
def test_any_number_of_jobs_gives_the_same_folder(data_set, jobs):
    data_set.fetch(jobs=jobs)
    assert data_set.is_complete()


@pytest.mark.parametrize("mirror", ["example.org", "ftp://example.org", "http://", "https://[::1"])
def test_a_mirror_that_is_no_address_is_wrong_use(data_set, mirror):
    with pytest.raises(UsageError, match="is no address of a mirror") as refused:
        data_set.fetch(mirror=mirror)
    assert "`mirror=https://" in refused.value.remedy
    assert not data_set.folder.exists()


def test_two_at_once_refuse_the_second(data_set, host):
    host.turns[NAME] = [stalls(1000)]
    first = threading.Thread(target=data_set.fetch)
    first.start()
    while not host.asked[NAME]:
        pass
    with pytest.raises(UsageError, match="another download works on this folder") as refused:
        data_set.fetch()
    assert refused.value.path == data_set.folder
    first.join()
    assert data_set.is_complete()
    assert files_below(data_set.folder) == {*data_set.expected(), "download.json"}


def test_a_lock_that_a_dead_process_left_is_no_lock(data_set):
    data_set.folder.mkdir()
    (data_set.folder / ".download.lock").write_text("")
    data_set.fetch()
    assert data_set.is_complete()
    assert ".download.lock" not in data_set.found()


def test_too_little_space_is_told_before_anything_is_fetched(data_set, host, small_disk):
    data_set.folder = small_disk.path / "data"
    with pytest.raises(OutputError, match=r"A small set needs 1\.\d MB, and the disk has") as refused:
        data_set.fetch()
    assert "`folder`" in refused.value.remedy
    assert not host.asked
    small_disk.grow()
    data_set.fetch()
    assert data_set.is_complete()


@pytest.mark.parametrize("free", [50_000, 300_000, 500_000])
def test_a_disk_that_fills_in_the_middle_loses_nothing(data_set, host, small_disk, free):
    """Somebody else fills the disk: without known sizes nobody could see it coming."""
    data_set.known = "nothing"
    data_set.folder = small_disk.path / "data"
    ballast = small_disk.fill()
    os.truncate(ballast, ballast.stat().st_size - free)
    with pytest.raises(CxrtuneError) as refused:
        data_set.fetch()
    told = [str(refused.value), *data_set.listener.warned]
    assert any("the disk is full" in text or "free" in text for text in told)
    assert all("`out`" not in text for text in told)
    # No folder is there that is not whole.
    for stem, members in data_set.members.items():
        place = data_set.folder / stem
        assert not place.exists() or files_below(place) == {f"images/{name}" for name in members}
    assert not list(data_set.folder.glob(".*"))
    ballast.unlink()
    small_disk.grow()
    data_set.fetch()
    assert data_set.is_complete()


def test_bytes_that_a_full_disk_took_are_gone_on_with(data_set, host, small_disk):
    data_set.known = "nothing"
    data_set.folder = small_disk.path / "data"
    host.has_validators = True
    host.files = {NAME: host.files[NAME]}
    data_set.members = {"images_001": data_set.members["images_001"]}
    # The host announces no length, so that nothing warns.
    host.turns[NAME] = [in_chunks()]
    ballast = small_disk.fill()
    os.truncate(ballast, ballast.stat().st_size - 140_000)
    with pytest.raises(OutputError, match="the disk is full") as refused:
        data_set.fetch()
    assert "the same command goes on" in refused.value.remedy
    kept = (data_set.folder / f"{NAME}.part").stat().st_size
    assert kept > 65_536
    ballast.unlink()
    small_disk.grow()
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME)[-1] == f"bytes={kept}-"


def test_a_folder_that_is_closed_is_told(data_set, host):
    catalogue = load_catalogue("small", data_set.write_catalogue())
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)  # nobody: root may write anywhere
    try:
        for place in (folder, folder / "new"):
            with pytest.raises(OutputError, match="cannot be written: permission denied") as refused:
                download(
                    catalogue,
                    place,
                    mirror=None,
                    jobs=1,
                    keep_archives=False,
                    retries=HASTE,
                    reporter=data_set.listener,
                )
            assert refused.value.path == place
            assert refused.value.remedy == "Choose a place that you may write to with `folder`."
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        folder.rmdir()
    assert not host.asked


def test_a_file_in_place_of_the_folder_is_told(data_set):
    data_set.folder.write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        data_set.fetch()
    assert data_set.folder.read_text() == "mine"


def test_the_bar_counts_bytes_and_ends_full(data_set, host):
    moved = []
    grown = []

    class Bar:
        def advance(self, steps=1):
            moved.append(steps)

        def lengthen(self, steps):
            grown.append(steps)

        def note(self, text):
            pass

    totals = []

    @contextmanager
    def task(description, total, unit="steps"):
        assert unit == "bytes"
        totals.append(total)
        yield Bar()

    data_set.listener.task = task
    host.turns[NAME] = [drops(100_000), lambda handler, host, path: drops(10)(handler, host, path)]
    data_set.fetch(retries=HASTE)
    whole = sum(map(len, host.files.values()))
    assert totals == [whole]
    assert sum(moved) == whole
    assert not grown
    # Where the catalogue knows no sizes the whole grows as bytes come.
    data_set.known, data_set.folder = "nothing", data_set.folder.with_name("other")
    moved.clear()
    data_set.fetch()
    assert totals[1] == 0
    assert sum(grown) == sum(moved) == whole
