"""What devices write against the standard, read as other readers do: each beside its regular twin."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom import decode_dataset, decode_dicom
from dicom_made import LOSSLESS, NATIVE, data_set, dicom, file_of, lut_item
from nih_folder import image_of

IMAGE = image_of(1)
STORED = IMAGE.astype(int) * 16 + np.arange(64) % 16  # 12 bits, all of them in use
REGULAR = decode_dicom(dicom(STORED, bits=12)).pixels
STREAMS = {"JPEG-LS": JPEGLSLossless, "JPEG 2000": JPEG2000Lossless, "JPEG lossless": JPEGLosslessSV1}


def made(stored=STORED, syntax=ExplicitVRLittleEndian, bits=12, **elements) -> Dataset:
    """A data set, then with the given elements over what it was made with; None takes one away."""
    dataset = data_set(stored, syntax, bits=bits)
    for keyword, value in elements.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    return dataset


def check(dataset: Dataset, wanted, *notes: str) -> None:
    """From a file and in memory alike, and with these notes and no others."""
    for radiograph in (decode_dicom(file_of(dataset)), decode_dataset(dataset)):
        np.testing.assert_array_equal(radiograph.pixels, wanted)
        assert radiograph.notes == notes


def reason_of(dataset: Dataset) -> str:
    with pytest.raises(UnreadableImageError) as refused:
        decode_dicom(file_of(dataset))
    return refused.value.reason


def frame_of(dataset: Dataset) -> bytes:
    """The only frame, without the byte that makes a fragment even."""
    _, frame = generate_fragments(dataset.PixelData)
    return frame if frame.endswith(b"\xff\xd9") else frame.removesuffix(b"\0")


def with_frame(dataset: Dataset, *fragments: bytes, table: bytes = b"") -> Dataset:
    items = [table, *(part + bytes(len(part) % 2) for part in fragments)]
    dataset.PixelData = b"".join(b"\xfe\xff\0\xe0" + len(item).to_bytes(4, "little") + item for item in items)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return dataset


def in_syntax(syntax: str, frame: bytes) -> Dataset:
    dataset = with_frame(made(), frame)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    return dataset


def test_a_regular_image_has_no_notes():
    check(made(), REGULAR)


@pytest.mark.parametrize("width", [8, 10, 12, 14, 15])
@pytest.mark.parametrize("name", ["VOI", "Modality"])
def test_a_table_of_narrower_entries_than_claimed_has_the_width_of_its_entries(name, width):
    # As of Agfa: the table's storage is claimed, not its range.
    entries = np.rint((np.arange(4096) / 4095) ** 0.7 * (2**width - 1)).astype(int)
    sequence = f"{name}LUTSequence" if name == "Modality" else "VOILUTSequence"
    regular = decode_dataset(made(**{sequence: [lut_item(0, entries, width)]})).pixels
    assert np.abs(regular - (STORED / 4095) ** 0.7 * 65535).max() <= 0.501 + 65535 / (2**width - 1)
    note = f"the {name} LUT claims entries of 16 bits and uses {width}: read as {width}"
    check(made(**{sequence: [lut_item(0, entries, 16)]}), regular, note)


@pytest.mark.parametrize(("claimed", "highest"), [(16, 40_000), (16, 65_535), (12, 1_500), (10, 511)])
def test_a_table_whose_claim_can_be_meant_is_taken_by_its_word(claimed, highest):
    entries = np.arange(4096) * highest // 4095
    found = decode_dataset(made(VOILUTSequence=[lut_item(0, entries, claimed)]))
    assert np.abs(found.pixels - entries[STORED] / (2**claimed - 1) * 65535).max() <= 0.501
    assert found.notes == ()


@pytest.mark.parametrize(
    ("slope", "center", "width"),
    [
        ("0.000244200", "0.4565323565", "0.9130647131"),  # the standard forbids less than 1 for LINEAR
        ("0.000244200", "0.5", "1"),  # over shares of one this would leave black and white
        ("0.000244200", "0.5", "1.2"),
        ("1", "2000", "0.5"),
    ],
)
def test_a_window_over_values_within_one_is_meant_exactly(slope, center, width):
    window = {"WindowCenter": center, "WindowWidth": width, "RescaleSlope": slope, "RescaleIntercept": "0"}
    found = decode_dataset(made(**window))
    low = float(center) - float(width) / 2
    wanted = np.clip((STORED * float(slope) - low) / float(width), 0, 1)  # PS3.3 C.11.2.1.3.2
    assert np.abs(found.pixels - wanted * 65535).max() <= 0.501
    assert found.notes == ("a LINEAR window over values within 1 is read as LINEAR_EXACT",)
    exact = decode_dataset(made(VOILUTFunction="LINEAR_EXACT", **window))
    np.testing.assert_array_equal(found.pixels, exact.pixels)
    assert exact.notes == ()


@pytest.mark.parametrize(
    ("centers", "widths", "regular"),
    [
        ("0", "0", {}),
        ("2048", "0", {}),
        (["0", "1800"], ["0", "2500"], {"WindowCenter": "1800", "WindowWidth": "2500"}),
        (["0", "0"], ["0", "0"], {}),
    ],
)
def test_a_window_of_width_0_is_not_set(centers, widths, regular):
    wanted = decode_dataset(made(**regular)).pixels
    note = "a window of width 0 is taken as not set"
    check(made(WindowCenter=centers, WindowWidth=widths), wanted, note)


def test_a_rescale_of_zeros_is_not_set():
    note = "Rescale Slope and Intercept are 0: taken as not set"
    check(made(RescaleSlope="0", RescaleIntercept="0"), REGULAR, note)


@pytest.mark.parametrize("sequence", ["ModalityLUTSequence", "VOILUTSequence", "PresentationLUTSequence"])
@pytest.mark.parametrize("descriptor", ["absent", "empty", "zeros"])
def test_a_template_of_a_table_is_no_table(sequence, descriptor):
    item = Dataset()
    item.LUTExplanation = ""
    if descriptor != "absent":
        item.add_new("LUTDescriptor", "US", None if descriptor == "empty" else [0, 0, 0])
    check(made(**{sequence: [item]}, WindowCenter="2048", WindowWidth="4096"), REGULAR)
    if sequence != "PresentationLUTSequence":
        table = lut_item(0, np.arange(4096)[::-1], 12)
        check(made(**{sequence: [item, table]}), 65535 - REGULAR)


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big endian", "deflated"])
@pytest.mark.parametrize("excess", [2, 128, 512, 2048, 8192, 20_000])
def test_padding_behind_the_pixels_is_left_out(excess, syntax):
    dataset = made(syntax=NATIVE[syntax])
    dataset.PixelData += b"\x77" * excess  # a row has 128 bytes, and the image 8,192
    check(dataset, REGULAR, "there are bytes behind the pixels that the header claims: left out")


def test_an_odd_byte_behind_the_pixels_is_regular():
    eight = image_of(1)[:63, :63]
    found = decode_dataset(data_set(eight, bits=8))
    np.testing.assert_array_equal(found.pixels, eight)
    assert found.notes == ()


def test_no_frames_are_one_frame():
    check(made(NumberOfFrames=0), REGULAR, "Number Of Frames is 0: read as 1")
    check(made(NumberOfFrames=""), REGULAR)


MISSING = {
    "HighBit": "High Bit is missing: read as 11",
    "BitsStored": "Bits Stored is missing: read as 12",
    "BitsAllocated": "Bits Allocated is missing: read as 16",
    "PixelRepresentation": "Pixel Representation is missing: read as 0",
    "SamplesPerPixel": "Samples Per Pixel is missing: read as 1",
}


@pytest.mark.parametrize("syntax", ["explicit", "JPEG-LS", "JPEG 2000", "RLE"])
@pytest.mark.parametrize("keyword", MISSING)
def test_an_element_that_others_tell_may_be_missing(keyword, syntax):
    check(made(syntax=LOSSLESS[syntax], **{keyword: None}), REGULAR, MISSING[keyword])


@pytest.mark.parametrize("syntax", ["explicit", "JPEG-LS"])
@pytest.mark.parametrize("allocated", [8, 16])
def test_bits_allocated_are_told_by_the_bytes(allocated, syntax):
    dataset = data_set(IMAGE, LOSSLESS[syntax], bits=8, allocated=allocated)
    del dataset.BitsAllocated
    # Of a code stream the number of bytes says nothing, and the pixels are the same.
    told = allocated if syntax == "explicit" else 8
    check(dataset, IMAGE, f"Bits Allocated is missing: read as {told}")


def test_without_photometric_interpretation_black_and_white_are_not_known():
    reason = "has no Photometric Interpretation: whether low values are black or white is not known"
    assert reason_of(made(PhotometricInterpretation=None)) == reason
    assert reason_of(made(PhotometricInterpretation="")) == reason


@pytest.mark.parametrize(
    "element", [b"(\0\x10\0US\2\0", b"(\0\x11\0US\2\0", b"(\0\x50\x10DS\4\0", b"(\0\2\x01US\2\0"]
)
def test_an_element_of_unknown_representation_is_read(element):
    whole = dicom(STORED, bits=12, WindowCenter="2048", WindowWidth="4096")
    assert whole.count(element) == 1
    unknown = element[:4] + b"UN\0\0" + element[6:] + bytes(2)  # two reserved bytes, and a length of four
    found = decode_dicom(whole.replace(element, unknown)).pixels
    np.testing.assert_array_equal(found, REGULAR)


@pytest.mark.parametrize("tag", [b"\x28\0\x10\x30", b"\x28\0\0\x30"], ids=["VOI", "Modality"])
def test_a_sequence_of_unknown_representation_is_read(tag):
    name = "VOILUTSequence" if tag[2] else "ModalityLUTSequence"
    whole = dicom(STORED, bits=12, **{name: [lut_item(0, np.arange(4096)[::-1], 12)]})
    found = decode_dicom(whole.replace(tag + b"SQ", tag + b"UN")).pixels
    np.testing.assert_array_equal(found, 65535 - REGULAR)


@pytest.mark.parametrize("syntax", ["JPEG-LS", "JPEG 2000", "RLE", "JPEG lossless"])
@pytest.mark.parametrize(
    "table", ["another", "of several frames", "beyond the end", "no whole number", "right"]
)
@pytest.mark.parametrize("parts", [1, 3])
def test_the_table_of_a_single_frame_is_not_needed(table, parts, syntax):
    dataset = made(syntax=LOSSLESS[syntax])
    frame = frame_of(dataset)
    cuts = np.linspace(0, len(frame), parts + 1).astype(int) // 2 * 2
    cuts[-1] = len(frame)
    wrong = {
        "another": b"\x67\x12\0\0",
        "of several frames": b"\0\0\0\0\x10\0\0\0",
        "beyond the end": b"\xff\xff\xff\x7f",
        "no whole number": b"\0\0\0\0\0\0",
        "right": bytes(4),
    }[table]
    fragments = [frame[start:end] for start, end in pairwise(cuts)]
    note = () if table == "right" else ("the Basic Offset Table does not fit a single frame: left out",)
    check(with_frame(dataset, *fragments, table=wrong), REGULAR, *note)


def test_without_its_delimiter_a_sequence_of_fragments_is_cut_off():
    whole = file_of(made(syntax=JPEGLSLossless))
    assert whole.endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")
    with pytest.raises(UnreadableImageError, match="is truncated: it ends within an element"):
        decode_dicom(whole[:-8])


@pytest.mark.parametrize("behind", [b"", bytes(1), bytes(40), b"\xff\xff", b"padding!" * 9])
@pytest.mark.parametrize("before", [b"", bytes(1), bytes(2), bytes(5), bytes(300), b"\xff"])
def test_padding_before_and_behind_the_end_of_jpeg_ls_is_left_out(before, behind):
    dataset = made(syntax=JPEGLSLossless)
    frame = frame_of(dataset)
    check(with_frame(dataset, frame[:-2] + before + frame[-2:] + behind), REGULAR)


def test_zero_bytes_that_jpeg_ls_needs_are_not_taken_for_padding():
    rng = np.random.default_rng(0)
    ends = set()
    for _ in range(60):
        stored = np.maximum.accumulate(rng.integers(0, 64, (33, 40)), axis=1)
        dataset = made(stored, JPEGLSLossless)
        frame = frame_of(dataset)
        ends.add(len(frame[:-2]) - len(frame[:-2].rstrip(b"\0")))
        for zeros in (0, 1, 7):
            found = decode_dataset(with_frame(dataset, frame[:-2] + bytes(zeros) + frame[-2:])).pixels
            np.testing.assert_array_equal(found, np.rint(stored / 4095 * 65535))
    assert len(ends) > 1  # some ended with zero bytes of their own


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("padding", [bytes(2), bytes(100)])
def test_padding_behind_a_code_stream_is_left_out(padding, name):
    dataset = made(syntax=STREAMS[name])
    check(with_frame(dataset, frame_of(dataset) + padding), REGULAR)


def test_a_scan_of_twelve_bits_whose_last_coefficient_is_0_is_whole():
    # An even surface: its only coefficients are each block's mean, so that all of it can be written by hand.
    surface = 2048 + 8 * 5
    frame = extended_jpeg(64, 64, difference=5, scan_end=63)
    regular = in_syntax(JPEGExtended12Bit, frame)
    wanted = np.full((64, 64), np.rint(surface / 4095 * 65535))
    check(regular, wanted)
    check(with_frame(regular, extended_jpeg(64, 64, difference=5, scan_end=0)), wanted)


def extended_jpeg(height: int, width: int, difference: int, scan_end: int) -> bytes:
    """ITU-T T.81, process 4: blocks whose mean differs from the middle by so many steps of 8."""
    blocks = (height // 8) * (width // 8)
    size = difference.bit_length()
    # Category `size` has the code 0, category 0 the code 10; the end of a block has the only code 0.
    bits = f"0{difference:0{size}b}" + "0" + ("10" + "0") * (blocks - 1)
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    dc = b"\xff\xc4\0\x15\0" + bytes([1, 1, *[0] * 14]) + bytes([size, 0])
    ac = b"\xff\xc4\0\x14\x10" + bytes([1, *[0] * 15]) + bytes([0])
    return b"".join(
        (
            b"\xff\xd8",
            b"\xff\xdb\0\x43\0" + bytes([64] * 64),
            b"\xff\xc1\0\x0b\x0c" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\1\1\x11\0",
            dc,
            ac,
            b"\xff\xda\0\x08\1\1\0\0" + bytes([scan_end, 0]),
            scan,
            b"\xff\xd9",
        )
    )


def test_a_scan_of_eight_bits_whose_last_coefficient_is_0_is_whole():
    regular = data_set(IMAGE, JPEGBaseline8Bit, bits=8)
    frame = frame_of(regular)
    place = frame.index(b"\xff\xda\0\x08\1\1\0\0\x3f\0") + 8
    wanted = decode_dataset(regular).pixels
    check(with_frame(regular, frame[:place] + b"\0" + frame[place + 1 :]), wanted)


def test_scans_of_one_colour_each_are_whole_as_well():
    # Three scans of one component each: where a scan's range stands is told by the scan, not by the image.
    pixels = np.dstack([IMAGE, 255 - IMAGE, IMAGE // 2])
    stream = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111])[1].tobytes()
    assert stream.count(b"\xff\xda\0\x0c\3") == 1
    dataset = data_set(
        IMAGE,
        bits=8,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="YBR_FULL",
    )
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    regular = decode_dataset(with_frame(dataset, stream), frozenset(["colour"])).pixels
    place = stream.index(b"\xff\xda\0\x0c\3") + 5 + 2 * 3
    assert stream[place : place + 3] == b"\0\x3f\0"
    changed = stream[: place + 1] + b"\0" + stream[place + 2 :]
    found = decode_dataset(with_frame(dataset, changed), frozenset(["colour"])).pixels
    np.testing.assert_array_equal(found, regular)
    split = one_colour_a_scan()
    assert split.count(b"\xff\xda\0\x08\1") == 3
    found = decode_dataset(with_frame(dataset, split), frozenset(["colour"])).pixels
    np.testing.assert_array_equal(found, np.full((64, 64), 168))


def one_colour_a_scan() -> bytes:
    """ITU-T T.81, baseline: three components of an even 168, 128 and 128, each in a scan of its own."""
    blocks = 64
    tables = (
        b"\xff\xdb\0\x43\0" + bytes([64] * 64),
        b"\xff\xc4\0\x15\0" + bytes([1, 1, *[0] * 14]) + bytes([3, 0]),
        b"\xff\xc4\0\x14\x10" + bytes([1, *[0] * 15]) + bytes([0]),
    )
    header = b"\xff\xc0\0\x11\x08\0\x40\0\x40\3" + b"\1\x11\0" + b"\2\x11\0" + b"\3\x11\0"
    scans = []
    for component in (1, 2, 3):
        first = "0101" + "0" if component == 1 else "10" + "0"  # 5 steps of 8, or none; end of block
        bits = first + ("10" + "0") * (blocks - 1)
        bits += "1" * (-len(bits) % 8)
        data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
        scans.append(b"\xff\xda\0\x08\1" + bytes([component]) + b"\0\0\x3f\0" + data)
    return b"".join((b"\xff\xd8", *tables, header, *scans, b"\xff\xd9"))


OVERLAID = STORED | np.where(IMAGE > 128, 0x9000, 0)  # bits 12 and 15


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_overlays_in_unused_bits_are_no_part_of_the_image_in_any_syntax(syntax):
    check(made(OVERLAID, LOSSLESS[syntax], bits=16, BitsStored=12, HighBit=11), REGULAR)


def test_overlays_are_left_out_where_the_syntax_allows_loss_and_there_is_none():
    dataset = made(OVERLAID, JPEG2000Lossless, bits=16, BitsStored=12, HighBit=11)
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.91")
    check(dataset, REGULAR)
    # Compressed with loss, a value beyond the stored bits may be an overshoot, and is cut off.
    dataset.LossyImageCompression = "01"
    found = decode_dataset(dataset).pixels
    np.testing.assert_array_equal(found, np.where(OVERLAID > 4095, 65535, REGULAR))


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_values_in_the_upper_bits_are_read_from_there_in_any_syntax(syntax):
    check(made(STORED << 4 | 5, LOSSLESS[syntax], bits=16, BitsStored=12, HighBit=15), REGULAR)


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("stored", [14, 16])
def test_a_code_stream_of_fewer_bits_than_stated_has_its_own_range(stored, name):
    stated = {"BitsStored": stored, "HighBit": stored - 1}
    note = f"the compressed pixels have 12 bits and not {stored}: read so"
    check(made(syntax=STREAMS[name], **stated), REGULAR, note)
    check(made(syntax=STREAMS[name], **stated, WindowCenter="2048", WindowWidth="4096"), REGULAR, note)
    too_wide = {"WindowCenter": str(2 ** (stored - 1)), "WindowWidth": str(2**stored)}
    reason = f"has a window for {stored} bits, and its compressed pixels have 12"
    if stored == 16:
        assert reason_of(made(syntax=STREAMS[name], **stated, **too_wide)) == reason


def test_a_jpeg_of_eight_bits_in_a_header_of_twelve_is_an_image_of_eight():
    regular = data_set(IMAGE, JPEGBaseline8Bit, bits=8)
    wanted = decode_dataset(regular).pixels
    regular.BitsAllocated, regular.BitsStored, regular.HighBit = 16, 12, 11
    note = "the compressed pixels have 8 bits and not 12: read so"
    check(regular, wanted, note)
    regular.WindowCenter, regular.WindowWidth = "128", "256"
    check(regular, wanted, note)
    regular.WindowCenter, regular.WindowWidth = "2048", "4096"
    assert reason_of(regular) == "has a window for 12 bits, and its compressed pixels have 8"
    del regular.WindowCenter, regular.WindowWidth
    regular.VOILUTSequence = [lut_item(0, np.arange(4096), 12)]
    assert reason_of(regular) == "has a window for 12 bits, and its compressed pixels have 8"


@pytest.mark.parametrize("stored", [8, 9, 10, 11])
def test_a_jpeg_of_twelve_bits_in_a_header_of_fewer_is_an_image_of_twelve_if_it_uses_them(stored):
    # As dcm4che does, since Bits Stored must be 8 or 12 there (PS3.5 8.2.1).
    surface = 2048 + 8 * 200
    dataset = in_syntax(JPEGExtended12Bit, extended_jpeg(64, 64, difference=200, scan_end=63))
    dataset.BitsStored, dataset.HighBit = stored, stored - 1
    wanted = np.full((64, 64), np.rint(surface / 4095 * 65535))
    check(dataset, wanted, f"the compressed pixels have 12 bits and not {stored}: read so")


def test_pixels_that_are_not_compressed_whatever_is_stated_are_read():
    dataset = made()
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    found = decode_dataset(dataset)
    np.testing.assert_array_equal(found.pixels, REGULAR)
    assert found.notes == ("the pixels are not compressed, though the transfer syntax says so",)
    dataset.PixelData = dataset.PixelData[:-2]
    with pytest.raises(UnreadableImageError, match="is damaged: its compressed pixels have no whole frame"):
        decode_dataset(dataset)


def test_pixels_that_are_compressed_against_the_word_of_the_file_are_told():
    dataset = made(syntax=JPEGLSLossless)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset["PixelData"].is_undefined_length = True
    with pytest.raises(UnreadableImageError) as refused:
        decode_dataset(dataset)
    assert refused.value.reason == "states that its pixels are not compressed, and they are"


def test_sequences_nested_without_end_are_told():
    start = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    whole = dicom(STORED, bits=12)
    place = whole.index(b"\x08\0\x60\0CS")
    with pytest.raises(UnreadableImageError) as refused:
        decode_dicom(whole[:place] + start * 900 + end * 900 + whole[place:])
    assert refused.value.reason == "has sequences that are nested too deeply to be read"
    found = decode_dicom(whole[:place] + start * 9 + end * 9 + whole[place:]).pixels
    np.testing.assert_array_equal(found, REGULAR)


@pytest.mark.parametrize("behind", [bytes(1000), b"\r\n--boundary--\r\n"])
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "JPEG-LS"])
def test_what_stands_behind_the_data_set_is_left_out(syntax, behind):
    whole = dicom(STORED, LOSSLESS[syntax], bits=12)
    np.testing.assert_array_equal(decode_dicom(whole + behind).pixels, REGULAR)


def test_notes_name_nobody():
    dataset = made(
        NumberOfFrames=0, HighBit=None, WindowCenter="0", WindowWidth="0", PixelRepresentation=None
    )
    notes = " ".join(decode_dataset(dataset).notes)
    assert notes.count(": ") == 3
    assert not any(part in notes for part in ("Doe", "0815", "1.2."))


def test_encapsulating_as_pydicom_does_is_the_same():
    dataset = made(syntax=JPEGLSLossless)
    assert with_frame(made(syntax=JPEGLSLossless), frame_of(dataset)).PixelData == encapsulate(
        [frame_of(dataset)], has_bot=False
    )
