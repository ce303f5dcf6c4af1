"""Decoding processes that die, hang or grow: the image is told, the others are decoded, and nothing is lost.

An image that holds its process up until it is killed is a pipe that nobody writes to: whoever can open its
other end knows that a process is in it, and kills that one.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager

import cv2
import numpy as np
import psutil
import pytest
import tifffile
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless

from cxrtune.errors import CxrtuneError, DecodingTooSlowError, UnreadableImageError
from cxrtune.images.decoding_process import DecodingLimits
from cxrtune.images.decoding_worker import library_notes
from cxrtune.images.reading import Reading, reader
from cxrtune.images.workers import Workers
from cxrtune.recipe import PreprocessSpec
from decoding_processes import decoding_processes_of
from dicom_made import dicom

SPEC = PreprocessSpec(size=32)
ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")


@pytest.fixture
def files(prepared):
    return sorted((prepared.data / "images").iterdir())[:40]


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
                # Not by multiprocessing's list: whoever looks at it takes the exit code away from the pool.
                processes = [psutil.Process(one) for one in decoding_processes_of(os.getpid())]
                for process in processes:
                    process.kill()
                psutil.wait_procs(processes, 5)
            os.close(end)

    thread = threading.Thread(target=kill)
    thread.start()
    yield pipe, left
    ended.set()
    thread.join()


def read(images, told=lambda _: None):
    with Workers(reader(SPEC, whole=False), 1, warn=told) as decoders:
        return list(decoders.read(images))


def test_a_process_that_is_killed_is_replaced_and_its_image_is_decoded_again(files, deadly):
    pipe, left = deadly
    left[0] = 1
    told = []
    found = read([*files[:20], pipe, *files[20:]], told.append)
    assert [isinstance(one, Reading) for one in found] == [True] * 20 + [False] + [True] * 20
    assert found[20].reason == "the file is empty (0 bytes)"  # the second time nobody kills
    assert told == ["a decoding process was killed; its image is decoded again"]
    plain = read(files)
    for one, other in zip([*found[:20], *found[21:]], plain, strict=True):
        assert (one.packed == other.packed).all()
        assert one.appearance == other.appearance


def test_an_image_that_ends_every_process_is_an_error_in_its_place(files, deadly):
    pipe, _ = deadly
    found = read([*files[:18], pipe, *files[18:30]])
    assert [isinstance(one, Reading) for one in found] == [True] * 18 + [False] + [True] * 12
    assert found[18].reason == "ended the process that decoded it, more than once"


def test_processes_that_are_killed_again_and_again_end_the_work(deadly):
    pipe, _ = deadly
    with pytest.raises(CxrtuneError, match="were killed 8 times in a row") as caught:
        read([pipe] * 16)
    assert "`workers=1`" in caught.value.remedy


def test_what_cannot_be_read_keeps_its_place_and_no_process_is_left(files, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    with Workers(reader(SPEC, whole=False), 2) as decoders:
        found = list(decoders.read([files[0], tmp_path / "text.png", tmp_path, files[1]]))
        assert decoders.ended == 0
    assert [type(one) for one in found] == [Reading, *[UnreadableImageError] * 2, Reading]
    assert found[2].reason == "cannot be read: is a directory"
    for process in multiprocessing.active_children():
        process.join(5)
    assert not multiprocessing.active_children()


def test_the_whole_radiograph_comes_only_where_it_is_wanted(files):
    for whole in (True, False):
        with Workers(reader(SPEC, whole=whole), 1) as decoders:
            found = decoders.submit(files[0]).result()
            of_bytes = decoders.submit(files[0].read_bytes()).result()
        assert (found.radiograph is not None) == whole
        assert (found.packed == of_bytes.packed).all()


# What a decoder with a fault does, by the name of the item.


def misbehave(item):
    match item:
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "abort":
            os.abort()
        case "exit":
            os._exit(3)
        case "hang":
            time.sleep(600)
        case "grow":
            return len(bytearray(3_000_000_000))
        case "unexpected":
            raise RuntimeError("of a library")
        case "chatter":
            os.write(2, b"libpng warning: iCCP: known\x07 incorrect sRGB profile\nand more\n" * 50)
    return library_notes()


def make_misbehaving():
    return misbehave


@contextmanager
def misbehaving(processes=1, seconds=60.0):
    limits = DecodingLimits(seconds, memory_bytes=500_000_000)
    with Workers(make_misbehaving, processes, limits=limits) as decoders:
        yield decoders


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("segfault", "ended the process that decoded it (SIGSEGV)"),
        ("abort", "ended the process that decoded it (SIGABRT)"),
        ("exit", "ended the process that decoded it (exit code 3)"),
        pytest.param("grow", "needs more than 0.5 GB of memory to decode", marks=ON_LINUX),
    ],
)
def test_a_decoder_that_dies_or_grows_costs_its_own_image_only(item, reason):
    with misbehaving(2) as decoders:
        found = list(decoders.read(["fine", item, "fine", "fine"]))
        assert [one if isinstance(one, tuple) else one.reason for one in found] == [(), reason, (), ()]
        # It is not tried again: one death, and none where the process has only said that it would grow.
        assert decoders.ended == (item != "grow")
        assert decoders.healthy


def test_processes_that_die_at_the_same_time_are_each_told_how():
    with misbehaving(4) as decoders:
        found = list(decoders.read(["segfault"] * 60))
    assert {one.reason for one in found} == {"ended the process that decoded it (SIGSEGV)"}


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The same 36 million pixels in each format that is told apart by its memory."""
    folder = tmp_path_factory.mktemp("large")
    pixels = np.zeros((6000, 6000), dtype=np.uint16)
    pixels[::2] = 900
    for suffix in (".png", ".tif"):
        cv2.imwrite(str(folder / f"deep{suffix}"), pixels)
    tifffile.imwrite(folder / "shallow.tif", pixels.astype(np.uint8), compression="zlib")
    cv2.imwrite(str(folder / "colour.jpg"), np.repeat(pixels.astype(np.uint8)[..., np.newaxis], 3, axis=2))
    for name, syntax in (
        ("raw", ExplicitVRLittleEndian),
        ("ls", JPEGLSLossless),
        ("2000", JPEG2000Lossless),
    ):
        (folder / f"{name}.dcm").write_bytes(dicom(pixels, syntax))
    return folder


@ON_LINUX
def test_an_image_too_large_for_the_memory_is_not_called_damaged(large):
    files = sorted(large.iterdir())
    limits = DecodingLimits(60, memory_bytes=50_000_000)
    with Workers(reader(SPEC, whole=False), 1, limits=limits) as decoders:
        found = list(decoders.read(files))
        assert decoders.ended == 0
    reasons = {file.name: getattr(one, "reason", "read") for file, one in zip(files, found, strict=True)}
    assert reasons == dict.fromkeys(reasons, "needs more than 0.1 GB of memory to decode")


def test_a_decoder_that_hangs_is_ended_with_its_process():
    with misbehaving(1, seconds=0.5) as decoders:
        found = list(decoders.read(["hang", "fine"]))
        assert isinstance(found[0], DecodingTooSlowError)
        assert found[0].reason == "was not decoded within 0.5 s"
        assert found[1] == ()
        assert decoders.ended == 1
        assert len(multiprocessing.active_children()) == 1


def test_an_error_that_is_no_images_fault_comes_through():
    with misbehaving() as decoders, pytest.raises(RuntimeError, match="of a library"):
        list(decoders.read(["fine", "unexpected"]))


def test_what_libraries_write_is_a_note_of_the_image_it_is_about(capfd):
    with misbehaving() as decoders:
        found = list(decoders.read(["fine", "chatter", "fine"]))
    assert found == [(), ("libpng warning: iCCP: known incorrect sRGB profile",), ()]
    assert capfd.readouterr().err == ""


def test_closing_ends_what_hangs_and_what_waits():
    with misbehaving() as decoders:
        futures = [decoders.submit(item) for item in ("hang", "fine")]
        while not futures[0].running():
            time.sleep(0.01)
    with pytest.raises(UnreadableImageError, match="the work was stopped"):
        futures[0].result(timeout=20)
    assert futures[1].cancelled()


def test_a_process_that_cannot_start_is_said():
    with Workers(cannot_be_made, 1) as decoders:
        with pytest.raises(CxrtuneError, match="a decoding process ended while it started"):
            decoders.submit("fine").result()
        assert not decoders.healthy


def cannot_be_made():
    raise RuntimeError("no library")


@ON_LINUX
def test_a_decoding_process_writes_no_core_file():
    with Workers(make_limits_reader, 1) as decoders:
        core, memory = decoders.submit(None).result()
    assert core == (0, 0)
    assert memory > 0


def make_limits_reader():
    return limits_of_process


def limits_of_process(_):
    import resource

    return resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_AS)[0]


def test_files_that_ended_or_filled_a_process_are_refused_by_their_structure():
    """The three of the review, made anew: none of them reaches a decoder."""
    from hostile import ANIMATED, CLAIMS_4_GB, MANY_SCANS

    with Workers(reader(SPEC, whole=False), 1) as decoders:
        animated = decoders.submit(ANIMATED).result()
        assert animated.packed.shape == (32, 32)
        for data, reason in (
            (CLAIMS_4_GB, "is truncated: its IDAT chunk claims 4,294,967,295 bytes"),
            (MANY_SCANS, "has more than 100 JPEG scans"),
        ):
            with pytest.raises(UnreadableImageError) as refused:
                decoders.submit(data).result()
            assert refused.value.reason.startswith(reason)
        assert decoders.ended == 0
