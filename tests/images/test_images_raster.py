"""Files of every kind -> the grey image that went in, against the standard's own encoding or Pillow."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import read_radiograph
from cxrtune.images.preprocess import to_8_bit, to_packed
from cxrtune.recipe import PreprocessSpec
from encoded import GREY, GREY_ALPHA, RGB, RGBA, chunk, png, saved
from nih_folder import image_of


@pytest.fixture
def read(tmp_path):
    """Write bytes to a file and read them as a radiograph."""

    def run(data: bytes, name: str = "drawn.png"):
        path = tmp_path / name
        path.write_bytes(data)
        return read_radiograph(path)

    return run


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("shape", [(33, 47), (1, 1), (5, 200)])
def test_grey_of_any_depth_is_spread_over_its_range(read, depth, shape):
    samples = np.random.default_rng(depth).integers(0, 2**depth, shape)
    radiograph = read(png(samples, depth, GREY))
    white = 65535 if depth == 16 else 255
    assert radiograph.white == white
    assert radiograph.pixels.dtype == (np.uint16 if depth == 16 else np.uint8)
    # Each level is an exact fraction of white: 2**depth - 1 divides both 255 and 65,535.
    np.testing.assert_array_equal(radiograph.pixels, samples * white // (2**depth - 1))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("colour", [RGB, RGBA, GREY_ALPHA])
def test_equal_channels_stay_exactly_what_they_were(read, depth, colour):
    white = 2**depth - 1
    grey = np.random.default_rng(1).integers(0, white + 1, (40, 31))
    opaque = np.full_like(grey, white)
    channels = {RGB: [grey] * 3, RGBA: [grey] * 3 + [opaque], GREY_ALPHA: [grey, opaque]}[colour]
    np.testing.assert_array_equal(read(png(np.stack(channels, -1), depth, colour)).pixels, grey)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("alpha", [False, True])
def test_colour_becomes_luma(read, depth, alpha):
    white = 2**depth - 1
    colour = np.random.default_rng(2).integers(0, white + 1, (64, 64, 3))
    # ITU-R BT.601-7, 2.5.1: E'Y = 0.299 E'R + 0.587 E'G + 0.114 E'B
    luma = colour @ np.array([0.299, 0.587, 0.114])
    samples = np.dstack([colour, np.full(colour.shape[:2], white)]) if alpha else colour
    found = read(png(samples, depth, RGBA if alpha else RGB)).pixels
    # Half a step for rounding; OpenCV's weights have 14 binary places besides.
    assert np.abs(found - luma).max() <= 0.5 + white * 2**-14


def test_a_palette_gives_the_luma_of_its_colours(read):
    palette = np.random.default_rng(3).integers(0, 256, (256, 3))
    drawn = image_of(3)
    image = Image.fromarray(drawn).convert("P")
    image.putdata(drawn.reshape(-1).tolist())
    image.putpalette(palette.astype(np.uint8).reshape(-1).tolist())
    luma = (palette @ np.array([0.299, 0.587, 0.114]))[image]
    assert np.abs(read(saved(image, "PNG")).pixels - luma).max() <= 0.52


def test_a_grey_palette_stays_exactly_what_it_was(read):
    drawn = image_of(4)
    image = Image.fromarray(drawn).convert("P")
    image.putdata(drawn.reshape(-1).tolist())
    image.putpalette([level for level in range(256) for _ in range(3)])
    np.testing.assert_array_equal(read(saved(image, "PNG")).pixels, drawn)


def _one_pixel_clear(colour, depth):
    white = 2**depth - 1
    samples = np.full((8, 8, 2 if colour == GREY_ALPHA else 4), white)
    samples[3, 4, -1] = white - 1
    return png(samples, depth, colour)


TRANSPARENT = {
    "RGBA, 8 bit": _one_pixel_clear(RGBA, 8),
    "RGBA, 16 bit": _one_pixel_clear(RGBA, 16),
    "grey and alpha, 8 bit": _one_pixel_clear(GREY_ALPHA, 8),
    "grey and alpha, 16 bit": _one_pixel_clear(GREY_ALPHA, 16),
    # tRNS names one value that is clear (ISO/IEC 15948, 11.3.2.1).
    "one grey value": png(image_of(5), 8, GREY, extra=chunk(b"tRNS", struct.pack(">H", 128))),
    "one grey value of 16 bit": png(image_of(5), 16, GREY, extra=chunk(b"tRNS", struct.pack(">H", 128))),
    "one colour": png(
        np.dstack([image_of(5)] * 3), 8, RGB, extra=chunk(b"tRNS", struct.pack(">HHH", *[128] * 3))
    ),
    "a palette's entry": saved(Image.fromarray(image_of(5)).convert("P"), "PNG", transparency=128),
}


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_a_partly_transparent_image_is_refused(read, kind):
    with pytest.raises(UnreadableImageError, match="transparent"):
        read(TRANSPARENT[kind])


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("quality", [60, 95])
def test_jpeg_is_what_pillow_makes_of_it(read, progressive, quality):
    data = saved(Image.fromarray(image_of(6, 128)), "JPEG", progressive=progressive, quality=quality)
    found = read(data, "drawn.jpg").pixels
    assert np.abs(found.astype(int) - np.asarray(Image.open(io.BytesIO(data)))).max() <= 1


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_colour_jpeg_becomes_luma(read, progressive, subsampling):
    colour = np.dstack([image_of(number, 128) for number in (7, 8, 9)])
    options = {"progressive": progressive, "subsampling": subsampling, "quality": 90}
    data = saved(Image.fromarray(colour), "JPEG", **options)
    luma = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) @ np.array([0.299, 0.587, 0.114])
    assert np.abs(read(data, "drawn.jpeg").pixels - luma).max() <= 2


def test_the_rotation_note_of_a_jpeg_is_not_followed(read):
    note = Image.Exif()
    note[0x0112] = 6  # Orientation: turn by 90 degrees (Exif 2.32, 4.6.4)
    data = saved(Image.fromarray(image_of(1, 64)[:, :40]), "JPEG", exif=note, quality=95)
    assert read(data).pixels.shape == (64, 40)


def test_the_suffix_does_not_matter_but_the_bytes_do(read):
    drawn = image_of(2)
    np.testing.assert_array_equal(read(png(drawn, 8, GREY), "drawn.jpg").pixels, drawn)


@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("shape", [(64, 64), (100, 90), (40, 20)])
def test_eight_and_sixteen_bit_of_one_image_give_one_input(read, resize, shape):
    drawn = image_of(11, 128)[: shape[0], : shape[1]]
    spec = PreprocessSpec(size=32, resize=resize)
    eight = to_packed(read(png(drawn, 8, GREY)), spec).astype(int)
    sixteen = to_8_bit(to_packed(read(png(drawn.astype(np.uint16) * 257, 16, GREY)), spec)).astype(int)
    # Both round the same exact average; where it ends near one half they may part.
    assert np.abs(eight - sixteen).max() <= 1
    assert (eight != sixteen).mean() < 0.25


def test_radiographs_as_nih_publishes_them_are_what_pillow_reads(nih_1024):
    files = sorted(nih_1024.glob("images_*/images/*.png"))
    colour_types = {path: path.read_bytes()[25] for path in files}
    rgba = [path for path in files if colour_types[path] == RGBA]
    assert len(rgba) == 6  # as the folder's own notes say
    for path in [*rgba, *files[:4]]:
        with Image.open(path) as image:
            wanted = np.asarray(image)
        grey = wanted if wanted.ndim == 2 else wanted[..., 0]
        np.testing.assert_array_equal(read_radiograph(path).pixels, grey)
