"""Downloads in a process of their own that is killed, or stopped by its user, and started again."""

import signal
import subprocess
import sys
import time

import pytest
from hostile_host import stalls
from small_set import images, packed

pytestmark = pytest.mark.system

NAME = "images_001.tar.gz"
FIRST = 100_000


class Running:
    """`cxrtune download` in a process of its own."""

    def __init__(self, data_set, *options: str, program: str | None = None) -> None:
        arguments = ["download", "small", "--to", str(data_set.folder)]
        arguments += ["--catalogue", str(data_set.catalogue), *options]
        start = ["-m", "cxrtune"] if program is None else ["-c", program]
        self.process = subprocess.Popen(
            [sys.executable, *start, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait_for(self, condition) -> None:
        until = time.monotonic() + 60
        while not condition():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < until, "it did not come so far"
            time.sleep(0.005)

    def end(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


def size(path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@pytest.mark.parametrize("known", ["sha256", "nothing"])
def test_killed_while_it_fetches(data_set, host, known):
    data_set.known = known
    data_set.write_catalogue()
    host.turns[NAME] = [stalls(FIRST)]
    part = data_set.folder / f"{NAME}.part"
    running = Running(data_set)
    running.wait_for(lambda: size(part) >= 65_536)
    running.end(signal.SIGKILL)
    kept = size(part)
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME) == [None, f"bytes={kept}-"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "kill"]
)
def test_stopped_while_it_fetches(data_set, host, number, code):
    """The host is silent and the timeout is half a minute: who wants to leave does not wait for it."""
    data_set.write_catalogue()
    host.turns[NAME] = [stalls(FIRST)]
    part = data_set.folder / f"{NAME}.part"
    running = Running(data_set)
    running.wait_for(lambda: size(part) >= 65_536 and host.asked["images_003.tar.gz"])
    assert running.end(number) == (
        code,
        "stopped; finished stages are kept, run the same command to go on\n",
    )
    kept = size(part)
    assert kept >= 65_536
    assert not (data_set.folder / ".download.lock").exists()
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME)[-1] == f"bytes={kept}-"


@pytest.fixture
def large_archive(data_set, host):
    """Some thousand images, so that unpacking takes long enough to be caught at it."""
    data_set.members["images_001"] = images(1, count=3000, size=2000)
    host.files[NAME] = packed(data_set.members["images_001"])
    data_set.write_catalogue()
    return data_set


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_ended_while_it_unpacks(large_archive, host, number):
    hidden = large_archive.folder / ".images_001.unpacking" / "images"
    running = Running(large_archive)
    running.wait_for(lambda: hidden.is_dir() and sum(1 for _ in hidden.iterdir()) > 10)
    running.end(number)
    assert not (large_archive.folder / "images_001").exists()
    assert (large_archive.folder / NAME).read_bytes() == host.files[NAME]
    if number == signal.SIGTERM:
        assert not hidden.exists()
    large_archive.fetch()
    assert large_archive.is_complete()
    assert len(host.asked[NAME]) == 1


# Ends the process, as a kill would, at a place that no watcher could hit.
AT = """
import os, signal, sys
from cxrtune.download import {module}
method = {module}.{method}
def before(self, *arguments):
    if {condition}:
        os.kill(os.getpid(), signal.SIGKILL)
    return method(self, *arguments)
{module}.{method} = before
from cxrtune.cli.main import main
main(sys.argv[1:])
"""
PLACES = {
    "all bytes are there, and that is not recorded": (
        "place",
        "DownloadRecord.put",
        "arguments[0] == 'images_001.tar.gz'",
    ),
    "it is recorded, but has no name": (
        "part",
        "PartFile.complete",
        "self.final.name == 'images_001.tar.gz'",
    ),
    "it is unpacked, and that is not recorded": ("place", "DownloadRecord.put", "arguments[1].unpacked"),
    "that is recorded, and the archive still there": (
        "entry_download",
        "EntryDownload._drop_archive",
        "True",
    ),
}


@pytest.mark.parametrize("known", ["sha256", "nothing"])
@pytest.mark.parametrize("place", PLACES)
def test_killed_between_two_steps(data_set, host, place, known):
    data_set.known = known
    data_set.write_catalogue()
    module, method, condition = PLACES[place]
    program = AT.format(module=module, method=method, condition=condition)
    running = Running(data_set, "--jobs", "1", program=program)
    _, err = running.process.communicate(timeout=60)
    assert running.process.returncode == -signal.SIGKILL, err
    data_set.fetch()
    assert data_set.is_complete()
    # What was whole was not fetched twice.
    assert {name: host.ranges(name) for name in host.files} == {name: [None] for name in host.files}


def test_killed_again_and_again_at_any_moment(data_set, host):
    """Ends in the right folder, wherever it was."""
    data_set.members["images_001"] = images(1, count=300, size=2000)
    host.files[NAME] = packed(data_set.members["images_001"])
    data_set.write_catalogue()
    for milliseconds in (500, 550, 600, 650, 700, 750, 800, 900):
        running = Running(data_set)
        time.sleep(milliseconds / 1000)
        running.end(signal.SIGKILL)
    data_set.fetch()
    assert data_set.is_complete()
