"""Decoding processes that are killed while they are in an image: replaced, and nothing is lost.

The image that holds its process up is a pipe that nobody writes to: whoever can open its other end knows that
a process is in it, and kills that one.
"""

import multiprocessing
import os
import threading
import time

import pytest

from cxrtune.errors import CxrtuneError, UnreadableImageError
from cxrtune.pipeline.archive.decoders import Decoders, PackedReading
from cxrtune.recipe import PreprocessSpec

pytestmark = pytest.mark.system

SPEC = PreprocessSpec(size=32)


@pytest.fixture
def files(prepared):
    return [os.fsencode(path) for path in sorted((prepared.data / "images").iterdir())[:40]]


@pytest.fixture
def deadly(tmp_path):
    """A pipe; as long as the test lasts, the processes that open it are killed, the first `times` times."""
    pipe, ended, left = tmp_path / "deadly.png", threading.Event(), [1_000]
    os.mkfifo(pipe)

    def kill():
        while not ended.is_set():
            try:
                end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody is in it
                time.sleep(0.005)
                continue
            if left[0] > 0:
                left[0] -= 1
                for process in multiprocessing.active_children():
                    process.kill()
                for process in multiprocessing.active_children():
                    process.join(5)
            os.close(end)

    thread = threading.Thread(target=kill)
    thread.start()
    yield os.fsencode(pipe), left
    ended.set()
    thread.join()


def read(images, told=lambda _: None):
    with Decoders(1, SPEC, frozenset(), told) as decoders:
        return list(decoders.read((path, None) for path in images))


def test_a_process_that_is_killed_is_replaced_and_its_images_are_decoded_again(files, deadly):
    pipe, left = deadly
    left[0] = 1
    told = []
    found = read([*files[:20], pipe, *files[20:]], told.append)
    assert [isinstance(one, PackedReading) for one in found] == [True] * 20 + [False] + [True] * 20
    assert found[20].reason == "the file is empty (0 bytes)"  # the second time nobody kills
    assert told == ["predict: a decoding process was killed; its images are decoded again"]
    plain = read(files)
    for one, other in zip([*found[:20], *found[21:]], plain, strict=True):
        assert (one.packed == other.packed).all()
        assert one.appearance == other.appearance


def test_an_image_that_ends_every_process_is_an_error_in_its_place(files, deadly):
    pipe, _ = deadly
    found = read([*files[:18], pipe, *files[18:30]])
    assert [isinstance(one, PackedReading) for one in found] == [True] * 18 + [False] + [True] * 12
    assert found[18].reason == "ended the process that decoded it, more than once"


def test_processes_that_die_again_and_again_end_the_work(deadly):
    pipe, _ = deadly
    with pytest.raises(CxrtuneError, match="were killed 8 times in a row") as caught:
        read([pipe] * 16)
    assert "--workers 1" in caught.value.remedy


def test_what_cannot_be_read_and_what_cannot_be_tried_keep_their_places(files, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    text, closed = os.fsencode(tmp_path / "text.png"), (b"/closed", "the folder cannot be opened")
    with Decoders(2, SPEC, frozenset()) as decoders:
        found = list(decoders.read([(files[0], None), (text, None), closed, (files[1], None)]))
    assert [type(one) for one in found] == [PackedReading, *[UnreadableImageError] * 2, PackedReading]
    assert found[2].reason == "the folder cannot be opened"
    for process in multiprocessing.active_children():
        process.join(5)
    assert not multiprocessing.active_children()
