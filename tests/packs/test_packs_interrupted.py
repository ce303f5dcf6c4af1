"""Packing that is cut off by a full disk, a kill or its user: nothing half-written is left."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from command_line import files_below
from decoding_processes import decoding_processes_of

pytestmark = pytest.mark.system

WHOLE = {"pixels.npy", "unreadable.csv", "provenance.json"}

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes through /proc")


@pytest.fixture
def cohort(nih_folder, cxrtune, tmp_path):
    file = tmp_path / "cohort.parquet"
    assert cxrtune("cohort", "--data", nih_folder.path, "--protocol", "nih14", "--out", file).code == 0
    return file


def arguments(cohort, nih_folder, out) -> list[str]:
    """A pack of 2 MB: 40 images of 224 px."""
    return [
        "pack",
        "--cohort",
        str(cohort),
        "--data",
        str(nih_folder.path),
        "--out",
        str(out),
        "--workers",
        "1",
    ]


def test_a_full_disk_stops_the_pack_and_the_same_command_works_afterwards(
    nih_folder, cohort, cxrtune, small_disk
):
    out = small_disk.path / "pack"
    message = cxrtune(*arguments(cohort, nih_folder, out)).refused()
    assert "the disk is full" in message
    assert str(out / "pixels.npy") in message
    assert not files_below(small_disk.path)
    small_disk.grow()
    assert cxrtune(*arguments(cohort, nih_folder, out)).code == 0
    assert files_below(out) == WHOLE


@pytest.mark.parametrize("room", ["no byte", "the pack but not its record"])
def test_a_disk_that_fills_later_leaves_no_record(nih_folder, cohort, cxrtune, small_disk, room):
    out = small_disk.path / "pack"
    ballast = small_disk.fill()
    if room != "no byte":
        os.truncate(ballast, ballast.stat().st_size - 49_152)
    small = [*arguments(cohort, nih_folder, out), "--set", "preprocess.size=32"]
    message = cxrtune(*small).refused()
    assert "the disk is full" in message
    # What is whole may stay, but no stage may take it for done.
    assert not any(name.startswith(".") or name.endswith("provenance.json") for name in files_below(out))
    ballast.unlink()
    assert cxrtune(*small).code == 0
    assert files_below(out) == WHOLE


def test_a_cohort_on_a_full_disk_leaves_nothing(nih_folder, cxrtune, small_disk):
    ballast = small_disk.fill()
    command = ("cohort", "--data", nih_folder.path, "--out", small_disk.path / "cohort.parquet")
    assert "the disk is full" in cxrtune(*command).refused()
    assert files_below(small_disk.path) == {"ballast"}
    ballast.unlink()
    assert cxrtune(*command).code == 0
    assert files_below(small_disk.path) == {"cohort.parquet", "cohort.provenance.json"}


def test_a_limit_on_the_size_of_files_stops_the_pack_and_leaves_nothing(nih_folder, cohort, tmp_path):
    program = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
from cxrtune.cli.main import main
main(sys.argv[1:])
"""
    out = tmp_path / "pack"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments(cohort, nih_folder, out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert f"error: {out / 'pixels.npy'}: cannot be written" in done.stderr
    assert "disk is full" not in done.stderr
    assert not files_below(out)


class Waiting:
    """A pack in a process of its own, one decoding process of which waits for a disk that never answers."""

    def __init__(self, nih_folder, cohort, out: Path) -> None:
        self.out = out
        self._file = nih_folder.file(nih_folder.images[20])
        self._image = self._file.read_bytes()
        self._file.unlink()
        os.mkfifo(self._file)
        # An end that writes nothing: whoever opens the other one waits for the first byte.
        self._silence = os.open(self._file, os.O_RDWR)
        self._killed: set[int] = set()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cxrtune", *arguments(cohort, nih_folder, out), "--max-unreadable", "0.1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        wait_until(self._in_pipe)

    def workers(self) -> list[int]:
        """The decoding processes of the command."""
        return decoding_processes_of(self.process.pid)

    def _in_pipe(self) -> list[int]:
        """The decoding processes that wait for the disk and were not killed yet."""
        found = []
        for worker in set(self.workers()) - self._killed:
            with suppress(OSError):  # it has ended, or closed a file, meanwhile
                ends = [link.readlink() for link in Path(f"/proc/{worker}/fd").iterdir()]
                found += [worker] * (self._file in ends)
        return found

    def kill_worker_in_pipe(self) -> None:
        """Kill the process that waits for the disk."""
        wait_until(self._in_pipe)
        for worker in self._in_pipe():
            os.kill(worker, signal.SIGKILL)
            self._killed.add(worker)

    def end(self) -> tuple[int, str]:
        """Wait for the command's end and return its code and standard error."""
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err

    def repair(self) -> None:
        """Put the image back where the disk did not answer."""
        self._file.unlink()
        self._file.write_bytes(self._image)

    def close(self) -> None:
        os.close(self._silence)


def wait_until(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def waiting(nih_folder, cohort, tmp_path):
    pack = Waiting(nih_folder, cohort, tmp_path / "pack")
    yield pack
    with suppress(ProcessLookupError):
        os.killpg(pack.process.pid, signal.SIGKILL)  # a group of its own: the command and what it started
    pack.process.communicate()
    pack.close()


@linux
def test_an_image_whose_process_is_killed_twice_is_left_out_and_told(waiting):
    for _ in range(2):
        waiting.kill_worker_in_pipe()
    code, err = waiting.end()
    assert code == 0, err
    assert "warning: pack: a decoding process was killed; its image is decoded again" in err
    assert "is left out: ended the process that decoded it, more than once" in err
    assert "Traceback" not in err
    assert files_below(waiting.out) == WHOLE


@linux
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda sent: sent.name)
def test_a_stopped_pack_ends_at_once_and_leaves_nothing(waiting, sent):
    workers = waiting.workers()
    waiting.process.send_signal(sent)
    code, err = waiting.end()
    assert code == 128 + sent
    assert err == "stopped; finished stages are kept, run the same command to go on\n"
    assert not files_below(waiting.out)
    wait_until(lambda: not any(is_running(worker) for worker in workers))


@linux
def test_after_a_killed_pack_no_process_lives_on_and_the_next_run_cleans_up(
    waiting, nih_folder, cohort, cxrtune
):
    workers = waiting.workers()
    waiting.process.kill()
    waiting.process.wait()
    wait_until(lambda: not any(is_running(worker) for worker in workers))
    assert all(name.startswith(".") for name in files_below(waiting.out))
    waiting.repair()
    seen = cxrtune(*arguments(cohort, nih_folder, waiting.out))
    assert seen.code == 0, seen.err
    assert files_below(waiting.out) == WHOLE
