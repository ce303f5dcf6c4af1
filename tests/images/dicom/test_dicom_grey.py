"""Generated files over the whole matrix, against the standard's formulas written out a value at a time."""

import copy
import itertools
import math

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import get_frame

from cxrtune.images.decode import decode_radiograph
from cxrtune.images.dicom import decode_dataset, decode_dicom
from dicom_made import LOSSLESS, NATIVE, SYNTAXES, data_set, dicom, file_of, lut_item
from encoded import GREY, png
from nih_folder import image_of

MODALITIES = {
    "none": {},
    "rescale": {"RescaleSlope": "0.5", "RescaleIntercept": "-20"},
    "falling": {"RescaleSlope": "-2", "RescaleIntercept": "100"},
    "table": {"ModalityLUTSequence": "modality"},
}
VALUES_OF_INTEREST = {
    "none": {},
    "linear": {"WindowCenter": ["90.5", "7"], "WindowWidth": ["133", "9"]},
    "exact": {"WindowCenter": "90.5", "WindowWidth": "133", "VOILUTFunction": "LINEAR_EXACT"},
    "sigmoid": {"WindowCenter": "90.5", "WindowWidth": "133", "VOILUTFunction": "SIGMOID"},
    "step": {"WindowCenter": "64", "WindowWidth": "1"},
    # A table comes before a window (PS3.3 C.11.2.1.1: alternatives).
    "table": {"VOILUTSequence": "voi", "WindowCenter": "1", "WindowWidth": "2"},
}
PADDINGS = {
    "none": {},
    "value": {"PixelPaddingValue": 3},
    "range": {"PixelPaddingValue": 40, "PixelPaddingRangeLimit": 11},
}
PRESENTATIONS = {
    "MONOCHROME2": False,
    "MONOCHROME1": True,
}
MODALITY_TABLE = [(7 * n * n) % 4096 for n in range(100)]
VOI_TABLE = [(n * n // 4) % 1024 for n in range(200)]


def elements_of(kinds, signed) -> dict:
    modality, voi, padding, photometric = kinds
    wanted = {**MODALITIES[modality], **VALUES_OF_INTEREST[voi], **PADDINGS[padding]}
    if modality == "table":
        wanted["ModalityLUTSequence"] = [lut_item(-5 if signed else 5, MODALITY_TABLE, 12, signed)]
    if voi == "table":
        wanted["VOILUTSequence"] = [lut_item(10, VOI_TABLE, 10)]
    return {**wanted, "PhotometricInterpretation": photometric}


def share(value: int, kinds, bits: int, signed: bool) -> float:
    """What the standard makes of one stored value, from 0 black to 1 white."""
    modality, voi, padding, photometric = kinds
    if (padding == "value" and value == 3) or (padding == "range" and 11 <= value <= 40):
        return 0.0
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    if modality == "rescale":
        value, low, high = 0.5 * value - 20, 0.5 * low - 20, 0.5 * high - 20
    elif modality == "falling":
        value, low, high = 100 - 2 * value, 100 - 2 * high, 100 - 2 * low
    elif modality == "table":
        value = MODALITY_TABLE[min(max(value - (-5 if signed else 5), 0), 99)]
        low, high = 0, 4095
    c, w = 90.5, 133
    if voi == "none":
        grey = (value - low) / (high - low)
    elif voi == "linear":  # PS3.3 C.11.2.1.2.1
        if value <= c - 0.5 - (w - 1) / 2:
            grey = 0.0
        elif value > c - 0.5 + (w - 1) / 2:
            grey = 1.0
        else:
            grey = (value - (c - 0.5)) / (w - 1) + 0.5
    elif voi == "exact":  # C.11.2.1.3.2
        grey = 0.0 if value <= c - w / 2 else 1.0 if value > c + w / 2 else (value - c) / w + 0.5
    elif voi == "sigmoid":  # C.11.2.1.3.1
        grey = 1 / (1 + math.exp(min(-4 * (value - c) / w, 700)))
    elif voi == "step":
        grey = 0.0 if value <= 63.5 else 1.0
    else:
        grey = VOI_TABLE[min(max(round(value) - 10, 0), 199)] / 1023
    return 1 - grey if photometric == "MONOCHROME1" else grey


def images_of(bits: int, signed: bool) -> np.ndarray:
    """Stored values (32, 36): those around every edge of the transforms, then the whole range."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    near = np.concatenate([np.arange(-8, 60), np.arange(100, 160), [low, low + 1, high - 1, high]])
    rest = np.random.default_rng(bits).integers(low, high + 1, 32 * 36 - len(near))
    return np.clip(np.concatenate([near, rest]), low, high).reshape(32, 36)


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("bits", [8, 12, 15, 16])
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_every_combination_of_transforms_is_what_the_standard_says(syntax, bits, signed):
    stored = images_of(bits, signed)
    whole = data_set(stored, LOSSLESS[syntax], bits=bits, signed=signed)
    seen = 0
    for kinds in itertools.product(MODALITIES, VALUES_OF_INTEREST, PADDINGS, PRESENTATIONS):
        made = copy.deepcopy(whole)
        for keyword, value in elements_of(kinds, signed).items():
            setattr(made, keyword, value)
        pixels = decode_dataset(made).pixels
        white = np.iinfo(pixels.dtype).max
        wanted = np.vectorize(lambda value, kinds=kinds: share(int(value), kinds, bits, signed))(stored)
        assert pixels.shape == stored.shape
        assert np.abs(pixels - wanted * white).max() <= 0.501, kinds
        plain = kinds[0] in ("none", "rescale", "falling") and kinds[1] == "none"
        assert pixels.dtype == (np.uint8 if bits == 8 and plain else np.uint16), kinds
        seen += 1
    assert seen == 4 * 6 * 3 * 2


@pytest.mark.parametrize(
    "kinds", [("rescale", "linear", "value", "MONOCHROME1"), ("table", "table", "none", "MONOCHROME2")]
)
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_a_file_gives_what_its_data_set_gives(syntax, signed, kinds):
    stored = images_of(12, signed)
    made = data_set(stored, LOSSLESS[syntax], signed=signed, **elements_of(kinds, signed))
    found = decode_dicom(file_of(made)).pixels
    wanted = np.vectorize(lambda value: share(int(value), kinds, 12, signed))(stored)
    assert np.abs(found - wanted * 65535).max() <= 0.501


@pytest.mark.parametrize("syntax", [*NATIVE, "RLE"])
@pytest.mark.parametrize(("bits", "high_bit"), [(8, 11), (12, 15), (10, 12), (7, 15)])
def test_bits_outside_the_stored_ones_mean_nothing(syntax, bits, high_bit):
    stored = np.random.default_rng(bits).integers(0, 2**bits, (9, 14))
    made = data_set(stored, NATIVE.get(syntax, LOSSLESS["RLE"]), bits=bits, allocated=16, high_bit=high_bit)
    if syntax in NATIVE:
        order = ">" if syntax == "big endian" else "<"
        words = np.frombuffer(made.PixelData, f"{order}u2").copy()
        words |= np.uint16(0xFFFF & ~(((1 << bits) - 1) << (high_bit + 1 - bits)))  # an overlay, as of old
        made.PixelData = words.tobytes()
    found = decode_dicom(file_of(made))
    assert np.abs(found.pixels - stored / (2**bits - 1) * found.white).max() <= 0.501


@pytest.mark.parametrize(
    ("syntax", "shape"),
    # CharLS encodes no single pixel.
    [pair for pair in itertools.product(LOSSLESS, [(33, 47), (1, 1), (5, 7)]) if pair != ("JPEG-LS", (1, 1))],
)
@pytest.mark.parametrize("photometric", PRESENTATIONS)
def test_eight_bits_without_a_window_are_the_same_image_as_png(syntax, shape, photometric):
    image = image_of(1, 64)[: shape[0], : shape[1]]
    stored = 255 - image if photometric == "MONOCHROME1" else image
    found = decode_radiograph(
        dicom(stored, LOSSLESS[syntax], bits=8, PhotometricInterpretation=photometric)
    ).pixels
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, decode_radiograph(png(image, 8, GREY)).pixels)


@pytest.mark.parametrize("window", [{}, {"WindowCenter": "32768", "WindowWidth": "65536"}])
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_sixteen_bits_are_the_same_image_as_png(syntax, window):
    image = np.random.default_rng(2).integers(0, 65536, (31, 18))
    found = decode_radiograph(dicom(image, LOSSLESS[syntax], bits=16, **window)).pixels
    np.testing.assert_array_equal(found, decode_radiograph(png(image, 16, GREY)).pixels)


def test_jpeg_in_dicom_is_the_same_image_as_the_jpeg():
    made = data_set(image_of(3, 120), SYNTAXES["JPEG baseline"], bits=8)
    jpeg = get_frame(made.PixelData, 0, number_of_frames=1)
    np.testing.assert_array_equal(decode_dicom(file_of(made)).pixels, decode_radiograph(jpeg).pixels)


def test_lossy_jpeg_2000_that_overshoots_its_bits_is_cut_off_and_not_wrapped_round():
    stored = np.where(np.add.outer(np.arange(64), np.arange(64)) % 16 < 8, 0, 4095)
    made = data_set(stored, SYNTAXES["JPEG 2000 lossy"], bits=12)
    made.BitsStored, made.HighBit = 11, 10  # the code stream has a bit more than the header
    found = decode_dicom(file_of(made)).pixels
    bright = stored == 4095
    assert found[bright].min() > 60_000
    assert found[~bright].max() < 40_000


@pytest.mark.parametrize("bits", [8, 9, 12, 16])
def test_the_identity_window_is_the_identity(bits):
    stored = np.arange(2**bits)[:: max(1, 2 ** (bits - 8))].reshape(16, -1)
    window = {"WindowCenter": str(2 ** (bits - 1)), "WindowWidth": str(2**bits)}
    plain, windowed = (decode_dicom(dicom(stored, bits=bits, **extra)).pixels for extra in ({}, window))
    assert windowed.dtype == (np.uint8 if bits == 8 else np.uint16)
    np.testing.assert_array_equal(plain, windowed)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverse"),
    [
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME1", "IDENTITY", True),
    ],
)
def test_the_image_is_inverted_once(photometric, shape, inverse):
    image = image_of(4)
    extra = {} if shape is None else {"PresentationLUTShape": shape}
    found = decode_dicom(dicom(image, bits=8, PhotometricInterpretation=photometric, **extra)).pixels
    np.testing.assert_array_equal(found, 255 - image if inverse else image)


@pytest.mark.parametrize("syntax", NATIVE)
@pytest.mark.parametrize("packing", ["bytes in words", "a word an entry", "US"])
def test_tables_of_eight_bits_come_packed_or_a_word_an_entry(packing, syntax):
    entries = np.random.default_rng(5).integers(0, 256, 256)
    item = lut_item(0, entries, 8)
    order = ">" if syntax == "big endian" else "<"
    words = entries if packing == "a word an entry" else entries[::2] | entries[1::2] << 8
    if packing != "US":
        item.add_new("LUTData", "OW", words.astype(f"{order}u2").tobytes())
    stored = np.arange(256).reshape(16, 16)
    found = decode_dicom(dicom(stored, NATIVE[syntax], bits=8, VOILUTSequence=[item])).pixels
    np.testing.assert_array_equal(found, entries[stored] * 257)


def test_a_table_of_65_536_entries_says_0():
    entries = np.arange(65536)[::-1]
    stored = np.arange(65536).reshape(256, 256)
    found = decode_dicom(dicom(stored, bits=16, VOILUTSequence=[lut_item(0, entries, 16)])).pixels
    np.testing.assert_array_equal(found, 65535 - stored)


def test_padding_whose_sign_was_lost_is_still_padding():
    stored = np.array([[-2000, 5, 9, 2047]])
    made = data_set(stored, bits=12, allocated=16, PixelPaddingValue=1)
    made.add_new("PixelPaddingValue", "US", 65536 - 2000)
    assert decode_dataset(made).pixels.tolist()[0][0] == 0


def test_big_endian_words_of_two_pixels_are_swapped_back():
    image = image_of(6)[:, :44]
    made = data_set(image, NATIVE["big endian"], bits=8)
    made["PixelData"].VR = "OW"
    made.PixelData = np.frombuffer(made.PixelData, "<u2").astype(">u2").tobytes()
    np.testing.assert_array_equal(decode_dicom(file_of(made)).pixels, image)


def test_a_data_set_is_not_changed():
    made = data_set(
        image_of(7), bits=8, WindowCenter="100", WindowWidth="50", PhotometricInterpretation="MONOCHROME1"
    )
    before = made.to_json()
    decode_dataset(made)
    assert made.to_json() == before


def test_a_jpeg_on_disk_and_its_pixels_in_dicom_are_close():
    image = image_of(8, 200)
    with_jpeg = decode_radiograph(dicom(image, SYNTAXES["JPEG baseline"], bits=8)).pixels
    assert np.abs(with_jpeg.astype(int) - image).mean() < 3
    assert Image.fromarray(with_jpeg).size == (200, 200)
