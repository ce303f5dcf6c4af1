"""What stands in a PNG or JPEG beside its pixels changes nothing, and what lies about them is refused."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from libjpeg import decode as libjpeg_decode
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate

from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import decode_radiograph
from cxrtune.images.formats import is_deep
from cxrtune.images.jpeg import MOST_SCANS, read_jpeg
from dicom_made import SYNTAXES, dicom
from encoded import GREY, chunk, png, saved
from hostile import animated_png, many_scans
from nih_folder import image_of

IMAGE = image_of(1, 60)
PNG = png(IMAGE, 8, GREY)
HEADER_ENDS = 33


def reason_of(data) -> str:
    with pytest.raises(UnreadableImageError) as refused:
        decode_radiograph(data)
    return refused.value.reason


def with_chunk(name: bytes, data: bytes, *, wrong: bool = False) -> bytes:
    made = chunk(name, data)
    if wrong:
        made = made[:-1] + bytes([made[-1] ^ 1])
    return PNG[:HEADER_ENDS] + made + PNG[HEADER_ENDS:]


BESIDE = {
    "a profile that is none": with_chunk(b"iCCP", b"p\0\0" + zlib.compress(b"no profile")),
    "a profile with a wrong checksum": with_chunk(b"iCCP", b"p\0\0" + zlib.compress(b"x" * 99), wrong=True),
    "a resolution with a wrong checksum": with_chunk(b"pHYs", bytes(9), wrong=True),
    "text with a wrong checksum": with_chunk(b"tEXt", b"Comment\0hello", wrong=True),
    "text of 2 MB": with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(2_000_000))),
    "compressed text of 2 MB": with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2_000_000))),
    "a private chunk": with_chunk(b"prVt", b"anything"),
    "a gamma": with_chunk(b"gAMA", struct.pack(">I", 22_000)),
    "an orientation": with_chunk(b"eXIf", b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"),
    "an animation": animated_png(IMAGE),
    "an animation without the default image": animated_png(IMAGE, hidden_default=True),
    "what stands behind the end": PNG + b"anything",
}


@pytest.mark.parametrize("data", BESIDE.values(), ids=BESIDE)
def test_what_stands_beside_the_pixels_changes_nothing(data, capfd):
    np.testing.assert_array_equal(decode_radiograph(data).pixels, IMAGE)
    assert capfd.readouterr().err == ""


def with_length(name: bytes, length: int) -> bytes:
    place = PNG.index(name) - 4
    return PNG[:place] + struct.pack(">I", length) + PNG[place + 4 :]


IDAT_BYTES = len(PNG) - HEADER_ENDS - 12 - 12

REFUSED = {
    "a chunk that claims 4 GB": (
        with_length(b"IDAT", 2**32 - 1),
        "is truncated: its IDAT chunk claims 4,294,967,295",
    ),
    "a chunk that claims one byte too many": (
        with_length(b"IDAT", IDAT_BYTES + 13),
        f"is truncated: its IDAT chunk claims {IDAT_BYTES + 13:,} bytes, and {IDAT_BYTES + 12:,} are left",
    ),
    "a critical chunk that is not known": (
        with_chunk(b"CgBI", bytes(4)),
        "has a PNG chunk that is not known (CgBI)",
    ),
    "two headers": (with_chunk(b"IHDR", PNG[16:29]), "is damaged: a PNG chunk is there twice"),
    "no pixels": (PNG[:HEADER_ENDS] + PNG[-12:], "is damaged: the PNG holds no pixels"),
    "a colour type that does not exist": (
        PNG[:25] + b"\5" + PNG[26:],
        "is damaged: the PNG's header holds values that do not exist",
    ),
    "a wrong checksum of the pixels": (
        PNG[:-13] + bytes([PNG[-13] ^ 1]) + PNG[-12:],
        "cannot be decoded: the checksum of its IDAT chunk is wrong",
    ),
    "70,000 chunks": (
        PNG[:HEADER_ENDS] + chunk(b"tEXt", b"") * 70_000 + PNG[HEADER_ENDS:],
        "has more than 65,536 PNG chunks",
    ),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_png_whose_structure_lies_is_refused(data, reason):
    assert reason_of(data).startswith(reason)


def test_scans_are_counted():
    found = read_jpeg(many_scans(MOST_SCANS - 6))
    assert found.scans == MOST_SCANS
    assert found.ended
    assert decode_radiograph(many_scans(MOST_SCANS - 6)).pixels.shape == (8, 8)
    assert reason_of(many_scans(MOST_SCANS - 5)) == "has more than 100 JPEG scans"


def test_scans_are_counted_inside_dicom_too():
    whole = dicom(
        np.zeros((8, 8), int), SYNTAXES["JPEG baseline"], bits=8, PixelData=encapsulate([many_scans(1_000)])
    )
    assert reason_of(whole) == "has more than 100 JPEG scans"


JPEG = saved(Image.fromarray(IMAGE), "JPEG", quality=90)


def test_a_segment_longer_than_the_file_is_refused():
    place = JPEG.index(b"\xff\xdb")
    longer = JPEG[: place + 2] + b"\xff\xff" + JPEG[place + 4 :]
    assert reason_of(longer) == "is truncated: a JPEG segment is longer than what is left"


def test_a_jpeg_of_a_kind_that_is_not_read_is_named():
    place = JPEG.index(b"\xff\xc0")
    arithmetic = JPEG[: place + 1] + b"\xc9" + JPEG[place + 2 :]
    assert reason_of(arithmetic) == "is a JPEG of a kind that is not read (SOF9, 8 bits)"


def jpeg_inside(data: bytes) -> bytes:
    start = data.index(b"\xff\xd8\xff")
    return data[start : data.rindex(b"\xff\xd9") + 2]


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        (jpeg_inside(dicom(IMAGE.astype(int) * 16, SYNTAXES["JPEG lossless"], bits=12)), 12),
        (jpeg_inside(dicom(IMAGE.astype(int), SYNTAXES["JPEG lossless"], bits=8)), 8),
        (jpeg_inside(Path(get_testdata_file("JPGExtended.dcm")).read_bytes()), 12),
    ],
    ids=["lossless, 12 bit", "lossless, 8 bit", "extended, 12 bit"],
)
def test_deep_and_lossless_jpeg_is_read_whole_range(tmp_path, data, bits):
    found = decode_radiograph(data)
    assert found.white == (65535 if bits > 8 else 255)
    oracle = libjpeg_decode(data).astype(np.float64) * found.white / ((1 << bits) - 1)
    np.testing.assert_array_equal(found.pixels, np.rint(oracle))
    (tmp_path / "chest.jpg").write_bytes(data)
    assert is_deep(tmp_path / "chest.jpg") == (bits > 8)
    assert reason_of(data[:-2]) == "is truncated: the JPEG's end is missing"
