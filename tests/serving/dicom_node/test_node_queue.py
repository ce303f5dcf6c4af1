"""The queue and the threads about it: what is acknowledged is never lost, and never done twice."""

import sqlite3
import stat
import subprocess
import sys
import time

import pytest

from cxrtune.back_off import BackOff
from cxrtune.errors import DataError, OutputError, UsageError
from cxrtune.serving.dicom_node.queue import Queue, Result
from cxrtune.serving.dicom_node.queue.file import held
from cxrtune.serving.dicom_node.queue.status import put_back, read_status
from cxrtune.serving.dicom_node.sender import ArchiveAnswer, ArchiveAwayError, Sender
from cxrtune.serving.dicom_node.settings import NodeLimits

SECRET = "1.2.3.4711.0815"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "state" / "queue.sqlite"


@pytest.fixture
def queue(place):
    opened = Queue(place)
    yield opened
    opened.close()


def results_of(number, count=2):
    return [Result(f"1.9.{number}.{index}", "1.2.840.1", b"result") for index in range(count)]


class Archive:
    """Stores by UID, as archives do; answers as it is told to."""

    def __init__(self, *answers):
        self.stored = []
        self.answers = list(answers)

    def store(self, results):
        for result in results:
            answer = self.answers.pop(0) if self.answers else ArchiveAnswer("accepted")
            if isinstance(answer, Exception):
                raise answer
            if answer.verdict == "accepted":
                self.stored.append(result.uid)
            yield answer


def test_the_way_of_an_instance(queue, place):
    number = queue.put(SECRET, b"image")
    assert read_status(place).counts == {"received": 1, "scored": 0, "done": 0, "aside": 0}
    (row,) = queue.begin(8, 1000)
    assert (row.number, row.data, row.attempts) == (number, b"image", 1)
    queue.scored(number, results_of(1))
    assert read_status(place).counts == {"received": 0, "scored": 1, "done": 0, "aside": 0}
    first, second = queue.unsent(10)
    assert not queue.sent(first)
    assert queue.sent(second)
    found = read_status(place)
    assert found.counts == {"received": 0, "scored": 0, "done": 1, "aside": 0}
    assert (found.held_bytes, found.oldest_seconds) == (0, None)


def test_the_same_instance_is_taken_once_in_whatever_state_it_is(queue):
    number = queue.put(SECRET, b"image")
    assert queue.put(SECRET, b"image") is None
    queue.scored(number, results_of(1))
    assert queue.put(SECRET, b"image") is None
    for unsent in queue.unsent(10):
        queue.sent(unsent)
    assert queue.put(SECRET, b"image") is None
    assert queue.put("1.2.3", b"image") is not None


def test_a_commit_survives_the_process(place):
    """A child takes an instance in and is killed with the file open and the log not merged."""
    program = f"""
import os, signal, sys
from pathlib import Path
from cxrtune.serving.dicom_node.queue import Queue
queue = Queue(Path({str(place)!r}))
for number in range(5):
    queue.put(f"1.2.{{number}}", bytes(100_000))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=120)
    assert done.returncode == -9
    reopened = Queue(place)
    assert [len(row.data) for row in reopened.begin(9, 1 << 20)] == [100_000] * 5
    reopened.close()


def test_commits_are_synced(queue):
    assert queue._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert queue._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_the_file_is_the_owners_alone(queue, place):
    queue.put(SECRET, b"image")
    for file in place.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_what_is_done_is_gone_from_the_file(queue, place):
    number = queue.put(SECRET, b"an image of Doe^Jane" * 500)
    queue.scored(number, [Result("1.9.1", "1.2.840.1", b"a report on Doe^Jane" * 500)])
    assert b"Doe^Jane" in b"".join(file.read_bytes() for file in place.parent.iterdir())
    queue.sent(queue.unsent(1)[0])
    queue.forget(30)
    left = b"".join(file.read_bytes() for file in place.parent.iterdir())
    assert b"Doe^Jane" not in left
    assert SECRET.encode() not in left
    assert queue.put(SECRET, b"image") is None


def test_what_is_finished_is_forgotten_after_its_days(queue):
    number = queue.put(SECRET, b"image")
    queue.put("1.2.3", b"image")
    queue.set_aside(number, "is no radiograph")
    assert queue.forget(1) == 0
    time.sleep(0.01)
    assert queue.forget(0) == 1
    assert queue.put(SECRET, b"image") is not None
    assert queue.waiting() == 2


def test_a_full_queue_takes_nothing_more(place):
    queue = Queue(place, NodeLimits(waiting=2, queue_bytes=1000))
    queue.put("1.1", bytes(600))
    with pytest.raises(OutputError, match=r"the queue is full: 1 instances wait, 600 bytes are held"):
        queue.put("1.2", bytes(401))
    queue.put("1.2", bytes(10))
    with pytest.raises(OutputError, match="the queue is full: 2 instances wait") as caught:
        queue.put("1.3", b"")
    assert "dicom_node.queue.status" in caught.value.remedy
    assert queue.put("1.1", bytes(600)) is None  # known, so acknowledged
    queue.close()


def test_a_full_disk_takes_nothing_and_loses_nothing(small_disk):
    queue = Queue(small_disk.path / "queue.sqlite")
    kept = queue.put("1.1", bytes(50_000))
    with pytest.raises(OutputError, match=r"the queue cannot be written \(SQLITE_(FULL|IOERR\w*)\)"):
        queue.put("1.2", bytes(2_000_000))
    small_disk.grow()
    assert queue.put("1.2", bytes(2_000_000)) is not None
    assert [row.number for row in queue.begin(1, 1)] == [kept]
    queue.close()


def test_what_may_have_ended_the_process_comes_last(place):
    queue = Queue(place)
    for number in range(3):
        queue.put(f"1.{number}", b"image")
    (deadly,) = queue.begin(1, 1000)
    queue.close()  # the process ended
    queue = Queue(place)
    assert deadly.number not in [row.number for row in queue.begin(2, 1000)]
    again = queue.begin(8, 1000)
    assert [row.attempts for row in again] == [2, 2, 2]
    queue.close()


def test_a_batch_is_bounded_by_bytes_but_never_empty(queue):
    for number in range(3):
        queue.put(f"1.{number}", bytes(400))
    assert len(queue.begin(8, 1)) == 1
    assert len(queue.begin(8, 800)) == 2


def test_results_that_the_archive_has_are_not_doubled(queue):
    """Killed between the archive's answer and the note of it: the archive gets the same UIDs again."""
    queue.scored(queue.put(SECRET, b"image"), results_of(1))
    archive = Archive()
    list(archive.store([unsent.result for unsent in queue.unsent(10)]))  # and nothing noted
    Sender(queue, archive, BackOff(1, 300)).step()
    assert archive.stored == ["1.9.1.0", "1.9.1.1"] * 2
    assert len(set(archive.stored)) == 2
    assert queue.waiting() == 0


def test_sending_goes_on_where_the_archive_went_away(queue, place):
    queue.scored(queue.put(SECRET, b"image"), results_of(1, 3))
    archive = Archive(ArchiveAnswer("accepted"), ArchiveAwayError("the archive cannot be reached"))
    sender = Sender(queue, archive, BackOff(1, 300))
    with pytest.raises(ArchiveAwayError):
        sender.step()
    assert read_status(place).waiting_reasons == {"the archive cannot be reached": 1}
    assert sender.step()
    assert archive.stored == ["1.9.1.0", "1.9.1.1", "1.9.1.2"]
    assert not sender.step()
    assert read_status(place).waiting_reasons == {}


def test_a_refusal_for_good_is_kept_with_its_reason_and_may_be_tried_again(queue, place):
    queue.scored(queue.put(SECRET, b"image"), results_of(1))
    queue.scored(queue.put("1.2.3", b"image"), results_of(2))
    archive = Archive(ArchiveAnswer("refused", "the archive answered A900"))
    Sender(queue, archive, BackOff(1, 300)).step()
    found = read_status(place)
    assert found.counts == {"received": 0, "scored": 0, "done": 1, "aside": 1}
    assert found.aside_reasons == {"the archive answered A900": 1}
    assert put_back(place) == 1
    Sender(queue, archive, BackOff(1, 300)).step()
    assert set(archive.stored) == {"1.9.1.0", "1.9.1.1", "1.9.2.0", "1.9.2.1"}
    assert read_status(place).counts["done"] == 2


def test_what_is_put_off_does_not_hold_up_the_others(queue):
    queue.scored(queue.put(SECRET, b"image"), results_of(1, 1))
    archive = Archive(
        ArchiveAnswer("later", "the archive answered A700"),
        ArchiveAnswer("later", "the archive answered A700"),
    )
    sender = Sender(queue, archive, BackOff(0.2, 300))
    sender.step()
    queue.scored(queue.put("1.2.3", b"image"), results_of(2, 1))
    assert [unsent.result.uid for unsent in queue.unsent(10)] == ["1.9.2.0"]
    assert [unsent.result.uid for unsent in queue.unsent(10, now=time.time() + 1)] == ["1.9.1.0", "1.9.2.0"]


def test_only_one_node_works_on_a_queue(place, queue):
    with held(place), pytest.raises(UsageError, match="another node works on this queue"), held(place):
        pass
    with held(place):
        assert read_status(place).counts["done"] == 0  # asking is free


def test_a_file_that_is_no_queue(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database" * 100)
    with pytest.raises(DataError, match="is no queue of a node, or damaged"):
        Queue(path)
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("PRAGMA user_version = 9")
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    with pytest.raises(DataError, match="is no queue of this version of the node: version 9, expected 1"):
        Queue(other)


def test_a_place_where_no_queue_can_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="the queue cannot be made"):
        Queue(tmp_path / "file" / "queue.sqlite")
    with (
        pytest.raises(OutputError, match="the queue cannot be made"),
        held(tmp_path / "file" / "queue.sqlite"),
    ):
        pass
    with pytest.raises(UsageError, match="there is no such queue"):
        read_status(tmp_path / "nothing.sqlite")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
