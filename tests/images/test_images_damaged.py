"""Files that give no radiograph: one error, with a reason that names no file, and never half an image."""

import io
import re
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import read_radiograph
from encoded import GREY, RGBA, chunk, png, saved
from nih_folder import image_of

NAME = "patient-0815"


def reason_of(path) -> str:
    """Check that a file is refused as it should be, and return why."""
    with pytest.raises(UnreadableImageError) as refused:
        read_radiograph(path)
    reason = refused.value.reason
    assert reason
    assert "\n" not in reason
    assert NAME not in reason
    assert refused.value.path == path
    assert str(path) in str(refused.value)
    return reason


def claiming(width: int, height: int, depth: int = 8, colour: int = GREY) -> bytes:
    """A PNG whose header claims a size that its pixels do not have."""
    whole = png(np.zeros((1, 1, 4 if colour == RGBA else 1), int), depth, colour)
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, colour, 0, 0, 0])
    return whole[:8] + chunk(b"IHDR", header) + whole[33:]


PNG = saved(Image.fromarray(image_of(1, 200)), "PNG")
PNG_RGBA = saved(Image.fromarray(image_of(1, 200)).convert("RGBA"), "PNG")
PNG_16 = png(image_of(1, 200).astype(np.uint16) * 257, 16, GREY)
JPEG = saved(Image.fromarray(image_of(1, 200)), "JPEG", quality=90)
JPEG_COLOUR = saved(Image.fromarray(image_of(1, 200)).convert("RGB"), "JPEG", quality=90)
JPEG_PROGRESSIVE = saved(Image.fromarray(image_of(1, 200)), "JPEG", quality=90, progressive=True)
KINDS = {
    "PNG": PNG,
    "PNG RGBA": PNG_RGBA,
    "PNG 16 bit": PNG_16,
    "JPEG": JPEG,
    "JPEG colour": JPEG_COLOUR,
    "JPEG progressive": JPEG_PROGRESSIVE,
}

DAMAGED = {
    "empty": (b"", "empty"),
    "text": (b"Image Index,Finding Labels\n" * 40, "is not a PNG, JPEG, TIFF or DICOM file"),
    "a web page that says no": (b"<!DOCTYPE html><title>403 Forbidden</title>", "is a web page"),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
    "a macOS twin": (b"\0\x05\x16\x07" + bytes(40), "is a macOS resource file"),
    "zeros": (bytes(5000), "is not a PNG, JPEG, TIFF or DICOM file"),
    "GIF": (
        saved(Image.fromarray(image_of(1)), "GIF"),
        "is a GIF file; PNG, JPEG",
    ),
    "WebP": (saved(Image.fromarray(image_of(1)), "WEBP"), "is a WebP file"),
    "BMP": (saved(Image.fromarray(image_of(1)), "BMP"), "is a BMP file"),
    "JPEG 2000": (saved(Image.fromarray(image_of(1)), "JPEG2000"), "is a JPEG 2000 file"),
    "AVIF": (b"\0\0\0\x1cftypavif" + bytes(60), "is an AVIF file"),
    "PDF": (b"%PDF-1.7\n" + bytes(60), "is a PDF document"),
    "PNG's signature alone": (PNG[:8], ""),
    "PNG without its end": (PNG[:-12], "truncated"),
    "PNG with a hole": (PNG[: len(PNG) // 2] + PNG[-12:], ""),
    "PNG's first half and zeros, as a broken download leaves it": (
        PNG[: len(PNG) // 2] + bytes(len(PNG) - len(PNG) // 2),
        "is damaged: a PNG chunk has no name",
    ),
    "JPEG's first half and zeros, as a broken download leaves it": (
        JPEG[: len(JPEG) // 2] + bytes(len(JPEG) - len(JPEG) // 2),
        "",
    ),
    "no pixels": (claiming(0, 0), ""),
    "fewer pixels than claimed": (claiming(300, 300), ""),
    "a strip": (claiming(1, 70_000_000), "claims 1 x 70000000 pixels"),
    "a strip that lies down": (claiming(900_000, 1), "claims 900000 x 1 pixels"),
    "40,000 x 40,000": (claiming(40_000, 40_000), "claims 40000 x 40000 pixels, more than 80,000,000"),
    "two thousand million squared": (claiming(2**31 - 1, 2**31 - 1), "claims 2147483647 x 2147483647"),
}


@pytest.mark.parametrize(("data", "why"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused_with_its_reason(tmp_path, data, why):
    path = tmp_path / f"{NAME}.png"
    path.write_bytes(data)
    assert why in reason_of(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_is_refused(tmp_path, kind):
    data, path = KINDS[kind], tmp_path / f"{NAME}.png"
    for length in {1, 2, 7, 33, *np.linspace(40, len(data) - 1, 40).astype(int)}:
        path.write_bytes(data[:length])
        reason_of(path)


@pytest.mark.parametrize("kind", ["PNG", "PNG RGBA", "PNG 16 bit"])
def test_a_png_with_one_bit_flipped_anywhere_is_refused_or_whole(tmp_path, kind):
    # PNG has a checksum over every chunk, so no flipped bit may change the image in silence.
    whole, path = KINDS[kind], tmp_path / f"{NAME}.png"
    path.write_bytes(whole)
    wanted = read_radiograph(path).pixels
    rng = np.random.default_rng(0)
    refused = 0
    for place in rng.choice(len(whole), 150, replace=False):
        data = bytearray(whole)
        data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        try:
            np.testing.assert_array_equal(read_radiograph(path).pixels, wanted)
        except UnreadableImageError:
            refused += 1
    assert refused > 140


@pytest.mark.parametrize("kind", ["JPEG", "JPEG colour", "JPEG progressive"])
def test_a_jpeg_with_flipped_bytes_is_raises_nothing_else(tmp_path, kind):
    # JPEG has no checksum: changed pixels cannot be known, but nothing else may be raised.
    whole, path = KINDS[kind], tmp_path / f"{NAME}.jpg"
    rng = np.random.default_rng(0)
    for place in rng.choice(len(whole), 150, replace=False):
        data = bytearray(whole)
        data[place] ^= int(rng.integers(1, 256))
        path.write_bytes(data)
        with suppress(UnreadableImageError):
            assert read_radiograph(path).pixels.ndim == 2


def test_what_is_no_file_is_refused(tmp_path):
    folder = tmp_path / f"{NAME}.png"
    folder.mkdir()
    assert reason_of(folder) == "cannot be read: is a directory"
    assert reason_of(tmp_path / f"{NAME}-gone.png") == "cannot be read: no such file or directory"


@pytest.mark.parametrize(
    "size", [(40_000, 40_000), (2**31 - 1, 1), (16_000, 4_999)], ids=lambda size: "{} x {}".format(*size)
)
def test_a_header_that_claims_much_costs_little(tmp_path, size):
    path = tmp_path / f"{NAME}.png"
    path.write_bytes(claiming(*size))
    # In a process of its own: a limit on memory that is passed would kill what passes it.
    program = """
import resource, sys
from pathlib import Path
from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import read_radiograph
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
try:
    read_radiograph(Path(sys.argv[1]))
except UnreadableImageError as error:
    print(error.reason)
"""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads the process's size from /proc")
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert re.search("claims|decoded", done.stdout)


def test_a_compressed_note_does_not_unpack_into_all_of_memory(tmp_path):
    from PIL import PngImagePlugin

    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "x" * 30_000_000, zip=True)
    stream = io.BytesIO()
    Image.fromarray(image_of(1)).save(stream, "PNG", pnginfo=note)
    path = tmp_path / f"{NAME}.png"
    path.write_bytes(stream.getvalue())
    assert len(stream.getvalue()) < 100_000
    # It is not unpacked at all: the decoder is not given it.
    np.testing.assert_array_equal(read_radiograph(path).pixels, image_of(1))
