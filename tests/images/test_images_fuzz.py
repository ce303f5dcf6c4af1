"""Mutated PNG, JPEG, TIFF and DICOM files: a radiograph or a reason, no crash, no hang, in bounded memory.

The mutants are made and decoded in processes of their own, with limits on memory and time, as a fault in
one of the C decoders would take this process down too.
"""

import os
import resource
import signal
import subprocess
import sys

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import decode_radiograph
from cxrtune.images.dicom import ALLOWANCES, is_dicom
from mutants import CORPUS, mutant

MEMORY = 1_500_000_000
SECONDS = 30  # for one file; a damaged JPEG-LS stream costs its decoder about six (docs/dicom.md)
EVERYTHING = frozenset(ALLOWANCES)


def survives(data: bytes) -> bool:
    """Decode a file, whatever is allowed; True if it gave a radiograph, False if it gave a reason."""
    try:
        radiograph = decode_radiograph(data, EVERYTHING)
    except UnreadableImageError as error:
        reason = error.reason
    else:
        assert radiograph.pixels.ndim == 2
        return True
    assert reason
    assert not any(part in reason for part in ("\n", "Doe", "0815"))
    return False


def decode_mutants(first: int, last: int) -> None:
    """What a process of its own does: say each number before its file, at last how many gave an image."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    images, heard, nowhere = 0, os.dup(2), os.open(os.devnull, os.O_WRONLY)
    for number in range(first, last):
        os.write(1, f"{number}\n".encode())
        data = mutant(number)
        # Libraries say of a PNG, JPEG or TIFF what is wrong with it; nothing that decodes DICOM may.
        os.dup2(heard if is_dicom(data[:132]) else nowhere, 2)
        signal.alarm(SECONDS)
        images += survives(data)
        signal.alarm(0)
        os.dup2(heard, 2)
    os.write(1, f"images {images}\n".encode())


def fuzz(count: int, size: int = 500) -> None:
    images = 0
    for first in range(0, count, size):
        command = [sys.executable, "-W", "error", __file__, str(first), str(min(first + size, count))]
        places = os.pathsep.join(path for path in sys.path if path)
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": places}, check=False
        )
        last = done.stdout.split("\n")[-2:][0]
        assert done.returncode == 0, f"mutant {last} ends with {done.returncode}: {done.stderr[-2000:]}"
        assert done.stderr == ""
        images += int(last.removeprefix("images "))
    # A mutation that is never harmless, or always, would test nothing.
    assert 0.05 * count < images < 0.9 * count


def test_the_files_themselves_are_whole():
    assert len(CORPUS) == 47
    assert all(survives(data) for data in CORPUS)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits a process's memory as Linux does")
def test_a_thousand_mutants():
    fuzz(1_000)


@pytest.mark.nightly
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits a process's memory as Linux does")
def test_twenty_thousand_mutants():
    fuzz(20_000)


@hypothesis.settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.binary(max_size=400))
def test_bytes_of_any_kind_behind_a_preamble(tail):
    for head in (b"", bytes(128) + b"DICM", b"\x08\0\x60\0CS\2\0CR", b"\xff\xd8\xff"):
        survives(head + tail)


@hypothesis.settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(st.integers(0, 46), st.data())
def test_a_file_that_is_cut_and_continued_with_another(number, data):
    one, other = CORPUS[number], CORPUS[data.draw(st.integers(0, 46))]
    # Not the compressed ones of JPEG-LS: see SECONDS.
    if b"1.2.840.10008.1.2.4.80" not in one + other:
        survives(one[: data.draw(st.integers(0, len(one)))] + other[data.draw(st.integers(0, len(other))) :])


if __name__ == "__main__":
    decode_mutants(int(sys.argv[1]), int(sys.argv[2]))
