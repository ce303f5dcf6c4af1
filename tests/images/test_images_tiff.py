"""TIFF files by tifffile and Pillow -> the grey image that went in; what is not read is named."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import decode_radiograph
from cxrtune.images.formats import is_deep
from encoded import saved
from nih_folder import image_of

GREY_8 = image_of(1, 90)
GREY_16 = GREY_8.astype(np.uint16) * 257 + np.arange(90, dtype=np.uint16)


def tiff(samples, **options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, **({"photometric": "minisblack"} | options))
    return stream.getvalue()


def reason_of(data) -> str:
    with pytest.raises(UnreadableImageError) as refused:
        decode_radiograph(data)
    return refused.value.reason


@pytest.mark.parametrize("samples", [GREY_8, GREY_16], ids=["8 bit", "16 bit"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("parts", [{}, {"rowsperstrip": 7}, {"tile": (32, 16)}], ids=str)
def test_grey_is_taken_as_it_is(samples, order, parts):
    found = decode_radiograph(tiff(samples, byteorder=order, **parts)).pixels
    assert found.dtype == samples.dtype
    np.testing.assert_array_equal(found, samples)


@pytest.mark.parametrize("samples", [GREY_8, GREY_16], ids=["8 bit", "16 bit"])
def test_white_is_zero_is_turned_round(samples):
    white = np.iinfo(samples.dtype).max
    found = decode_radiograph(tiff(white - samples, photometric="miniswhite")).pixels
    np.testing.assert_array_equal(found, samples)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"])
@pytest.mark.parametrize("samples", [GREY_8, GREY_16], ids=["8 bit", "16 bit"])
def test_compression_without_loss(samples, compression):
    data = saved(Image.fromarray(samples), "TIFF", compression=compression)
    np.testing.assert_array_equal(decode_radiograph(data).pixels, samples)


@pytest.mark.parametrize("samples", [GREY_8, GREY_16], ids=["8 bit", "16 bit"])
def test_equal_colours_stay_exactly_what_they_were(samples):
    rgb = np.repeat(samples[..., None], 3, axis=-1)
    np.testing.assert_array_equal(decode_radiograph(tiff(rgb, photometric="rgb")).pixels, samples)
    opaque = np.dstack([rgb, np.full_like(samples, np.iinfo(samples.dtype).max)])
    with_alpha = tiff(opaque, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(decode_radiograph(with_alpha).pixels, samples)
    opaque[3, 3, 3] = 0
    see_through = tiff(opaque, photometric="rgb", extrasamples=["unassalpha"])
    assert "partly transparent" in reason_of(see_through)


def test_colour_becomes_luma_and_red_is_not_blue():
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[..., 0] = 200
    # ITU-R BT.601-7, 2.5.1: 0.299 of red.
    assert set(np.unique(decode_radiograph(tiff(rgb, photometric="rgb")).pixels)) == {round(0.299 * 200)}


def test_a_palette_is_looked_up():
    image = Image.fromarray(GREY_8).convert("P")
    expected = np.asarray(image.convert("L"))
    np.testing.assert_array_equal(decode_radiograph(saved(image, "TIFF")).pixels, expected)


def test_a_smaller_copy_is_no_second_page():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(GREY_8, photometric="minisblack")
        writer.write(GREY_8[::2, ::2], photometric="minisblack", subfiletype=1)
    np.testing.assert_array_equal(decode_radiograph(stream.getvalue()).pixels, GREY_8)


def with_tag(data: bytes, tag: int, value: int) -> bytes:
    """Change a short tag of a little-endian TIFF of one directory."""
    (start,) = struct.unpack_from("<I", data, 4)
    changed = bytearray(data)
    for entry in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
        if struct.unpack_from("<H", data, entry)[0] == tag:
            struct.pack_into("<I", changed, entry + 8, value)
    assert changed != data
    return bytes(changed)


def two_pages() -> bytes:
    return tiff(np.stack([GREY_8, GREY_8]))


REFUSED = {
    "two pages": (two_pages(), "is a TIFF of more than one page"),
    "floating point": (
        tiff(GREY_8.astype(np.float32)),
        "is a TIFF of 32 bits per sample, not 8 or 16",
    ),
    "one bit": (saved(Image.fromarray(GREY_8 > 99), "TIFF"), "is a TIFF of 1 bits per sample, not 8 or 16"),
    "signed": (
        tiff(GREY_16.astype(np.int16)),
        "is a TIFF of signed or floating-point samples, not of unsigned ones",
    ),
    "JPEG inside": (
        saved(Image.fromarray(GREY_8), "TIFF", compression="jpeg"),
        "is a TIFF in a compression that is not read: JPEG",
    ),
    "CMYK": (
        saved(Image.fromarray(GREY_8).convert("CMYK"), "TIFF"),
        "is a TIFF of CMYK colours, which is not read",
    ),
    "planes": (
        tiff(np.stack([GREY_8] * 3), photometric="rgb", planarconfig="separate"),
        "is a TIFF with a plane for each sample, which is not read",
    ),
    "turned": (
        tiff(GREY_8, extratags=[(274, "H", 1, 6, True)]),
        "is a TIFF that asks to be turned or mirrored (Orientation)",
    ),
    "BigTIFF": (tiff(GREY_8, bigtiff=True), "is a BigTIFF file; PNG, JPEG, TIFF and DICOM are read"),
    "cut off": (tiff(GREY_8)[:-50], "is truncated: a part of the TIFF's pixels lies behind the file's end"),
    "the header alone": (tiff(GREY_8)[:8], "is truncated: the TIFF's directory is missing"),
    "too wide": (with_tag(tiff(GREY_8), 256, 20_000), "claims 1,800,000 bytes of pixels and holds 8,100"),
    "no width": (with_tag(tiff(GREY_8), 256, 0), "claims 0 x 90 pixels in parts of 0 x 90"),
    "huge": (
        with_tag(
            with_tag(saved(Image.fromarray(GREY_8), "TIFF", compression="tiff_lzw"), 256, 60_000), 257, 60_000
        ),
        "is damaged: it has 1 TIFF strips or tiles, not the 667 of its size",
    ),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_is_named(data, reason):
    assert reason_of(data) == reason


def test_a_circle_of_directories_ends():
    data = bytearray(tiff(GREY_8))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    assert reason_of(bytes(data)) == "is a TIFF of more than one page"


def test_every_cut_is_refused_or_whole():
    data = saved(Image.fromarray(GREY_8), "TIFF", compression="tiff_lzw")
    for length in np.linspace(1, len(data) - 1, 60).astype(int):
        assert reason_of(data[:length])


def test_depth_is_told_without_decoding(tmp_path):
    for name, samples in (("8.tif", GREY_8), ("16.tif", GREY_16)):
        (tmp_path / name).write_bytes(tiff(samples))
        assert is_deep(tmp_path / name) == (samples.dtype == np.uint16)
