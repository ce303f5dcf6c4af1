"""Files that are damaged, mislabelled, hostile or not supported: a reason, little memory, little time."""

import importlib
import logging
import subprocess
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import UID, ExplicitVRLittleEndian

from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import MAX_BYTES, decode_radiograph, read_radiograph
from cxrtune.images.dicom import decode_dataset, decode_dicom, is_dicom
from cxrtune.images.held_warnings import held_warnings
from dicom_made import LOSSLESS, NATIVE, SYNTAXES, data_set, dicom, file_of, jpeg_lossless, lut_item
from encoded import saved
from nih_folder import image_of

IMAGE = image_of(1)
WHOLE = dicom(IMAGE, bits=8)
PNG, JPEG = (saved(Image.fromarray(IMAGE), kind) for kind in ("PNG", "JPEG"))


def reason_of(decode, *arguments) -> str:
    with pytest.raises(UnreadableImageError) as refused:
        decode(*arguments)
    assert "Doe" not in str(refused.value)
    assert "0815" not in str(refused.value)
    assert "1.2." not in str(refused.value)
    return refused.value.reason


def test_a_file_without_preamble_is_dicom_too():
    np.testing.assert_array_equal(decode_radiograph(WHOLE[132:]).pixels, IMAGE)


@pytest.mark.parametrize("syntax", ["implicit", "explicit", "big endian"])
def test_a_bare_data_set_is_dicom_too(syntax):
    whole = dicom(IMAGE, NATIVE[syntax], bits=8)
    # Group length (2,0) says how long the rest of group 2 is (PS3.10 7.1).
    start = 144 + int.from_bytes(whole[140:144], "little")
    assert is_dicom(whole[start : start + 132])
    np.testing.assert_array_equal(decode_radiograph(whole[start:]).pixels, IMAGE)


BEFORE_GROUP = {
    0x10: {"SOPClassUID": None, "SOPInstanceUID": None, "Modality": None},
    0x18: {"PatientName": None, "PatientID": None},
    0x28: {"ViewPosition": None},
}


@pytest.mark.parametrize("syntax", ["implicit", "explicit", "big endian"])
@pytest.mark.parametrize("group", BEFORE_GROUP)
def test_a_data_set_of_which_little_is_left_is_dicom_too(group, syntax):
    # As public collections are that were made anonymous by a list of what may stay.
    taken = {}
    for before, elements in BEFORE_GROUP.items():
        taken |= elements if before <= group else {}
    whole = dicom(IMAGE, NATIVE[syntax], bits=8, **taken)
    bare = whole[144 + int.from_bytes(whole[140:144], "little") :]
    assert int.from_bytes(bare[:2], "big" if syntax == "big endian" else "little") == group
    assert is_dicom(bare[:132])
    found = decode_radiograph(bare, frozenset(["modality"])).pixels
    np.testing.assert_array_equal(found, IMAGE)


@pytest.mark.parametrize("syntax", ["explicit", "deflated", "JPEG-LS"])
def test_a_file_that_begins_with_the_mark_behind_the_preamble_is_dicom_too(syntax):
    whole = dicom(IMAGE, LOSSLESS[syntax], bits=8)
    assert is_dicom(whole[128:260])
    np.testing.assert_array_equal(decode_radiograph(whole[128:]).pixels, IMAGE)
    assert not is_dicom(b"DICM is a word, and this is a text")


@pytest.mark.parametrize(
    "head",
    [
        "(0028,0010) US 512 # rows".encode("utf-16-le"),
        b"\x10\0\x10\0\x12\0\x13\0" * 16,  # a raster of 16 bits
        b"\x28\0\x02\0US\2\0\1\0\x08\0\x02\0US\2\0\1\0",  # the second element before the first
        b"\x28\0\x02\0US\2\0\1\0\x28\0\x04\0??\2\0\1\0",
        b"\x10\0\x10\0PN\xff\xff",
        b"\x10\0\x40\0CS",
    ],
    ids=str,
)
def test_bytes_that_only_begin_like_a_late_element_are_no_dicom(head):
    assert not is_dicom(head[:132])


@pytest.mark.parametrize(
    "head", [b"", b"\x08\0", bytes(200), PNG[:132], JPEG[:132], b"<!DOCTYPE html><html>", b"II*\0" * 40]
)
def test_other_files_are_not_taken_for_dicom(head):
    assert not is_dicom(head)


MISLABELLED = {
    "DICOM named .png": (
        WHOLE,
        "x.png",
        "is a DICOM file, but its name ends in .png: rename it to end in .dcm",
    ),
    "DICOM named .JPG": (
        WHOLE,
        "x.JPG",
        "is a DICOM file, but its name ends in .jpg: rename it to end in .dcm",
    ),
    "PNG named .dcm": (PNG, "x.dcm", "is a PNG file, but its name ends in .dcm: rename it to end in .png"),
    "JPEG named .dicom": (
        JPEG,
        "x.dicom",
        "is a JPEG file, but its name ends in .dicom: rename it to end in .jpg",
    ),
}


@pytest.mark.parametrize("case", MISLABELLED)
def test_a_name_that_says_another_kind_is_refused(tmp_path, case):
    data, name, reason = MISLABELLED[case]
    (tmp_path / name).write_bytes(data)
    assert reason_of(read_radiograph, tmp_path / name) == reason


@pytest.mark.parametrize("name", ["x.dcm", "x.DIC", "x.dicom", "IM0001", "x.1234", "x.img"])
def test_a_name_that_says_nothing_else_is_no_matter(tmp_path, name):
    (tmp_path / name).write_bytes(WHOLE)
    np.testing.assert_array_equal(read_radiograph(tmp_path / name).pixels, IMAGE)


def test_a_png_without_suffix_is_read_by_what_is_in_it(tmp_path):
    (tmp_path / "image").write_bytes(PNG)
    np.testing.assert_array_equal(read_radiograph(tmp_path / "image").pixels, IMAGE)


def test_a_file_beyond_the_limit_is_not_read_whole(tmp_path):
    path = tmp_path / "x.dcm"
    with path.open("wb") as file:
        file.write(WHOLE)
        file.truncate(MAX_BYTES + 5)  # sparse: it takes no room on the disk
    assert reason_of(read_radiograph, path) == "is longer than 1,073,741,824 bytes"


@pytest.mark.parametrize("name", SYNTAXES)
def test_a_file_cut_anywhere_is_refused(name):
    whole = dicom(IMAGE, SYNTAXES[name], bits=8)
    # Behind the pixels stands nothing, or the 8 bytes of a sequence delimiter (PS3.5 A.4).
    last = len(whole) - (9 if SYNTAXES[name].is_encapsulated else 2)
    for length in {0, 1, 7, 127, 131, 140, *np.linspace(150, last, 60).astype(int)}:
        assert reason_of(decode_radiograph, whole[:length])


def edited(made: Dataset, **elements) -> Dataset:
    for keyword, value in elements.items():
        if value is None:
            del made[keyword]
        else:
            setattr(made, keyword, value)
    return made


def grey(**elements) -> Dataset:
    return edited(data_set(IMAGE, bits=8), **elements)


def in_syntax(syntax: str) -> Dataset:
    made = grey()
    made.file_meta.TransferSyntaxUID = UID(syntax)
    made.PixelData = encapsulate([b"\0" * 100])
    made["PixelData"].VR = "OB"
    return made


def compressed(name: str, stored=IMAGE, bits=8, **elements) -> Dataset:
    return edited(data_set(stored, SYNTAXES[name], bits=bits), **elements)


def framed(name: str, frame: bytes) -> Dataset:
    return compressed(name, PixelData=encapsulate([frame]))


def frame_of(name: str) -> bytes:
    return get_frame(compressed(name).PixelData, 0, number_of_frames=1)


def resized(size=(64, 64), tile=(64, 64), first=(0, 0)) -> bytes:
    """A JPEG 2000 code stream of one tile that claims another size and other tiles."""
    frame = bytearray(frame_of("JPEG 2000"))
    for place, (width, height) in ((8, size), (24, tile), (32, first)):
        frame[place : place + 8] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return bytes(frame)


def restyled(size, style: bytes) -> bytes:
    """A JPEG 2000 code stream that claims another size, levels, code blocks and precincts."""
    frame = resized(size, size)
    place = frame.index(b"\xff\x52\0\x0c")
    scod = b"\1" if len(style) > 5 else b"\0"
    body = scod + frame[place + 5 : place + 9] + style
    return frame[:place] + b"\xff\x52" + (len(body) + 2).to_bytes(2, "big") + body + frame[place + 14 :]


def table(descriptor, data) -> list[Dataset]:
    item = lut_item(0, [1, 2, 3, 4], 8)
    item.LUTDescriptor, item.LUTData = descriptor, data
    return [item]


DAMAGED = {
    "no pixel data": (grey(PixelData=None), "holds no pixel data"),
    "empty pixel data": (grey(PixelData=b""), "holds no pixel data"),
    "no rows": (grey(Rows=None), "has no Rows"),
    "no bits": (grey(BitsStored=None, HighBit=None), "has no Bits Stored"),
    "rows of 0": (grey(Rows=0), "claims 64 x 0 pixels"),
    "fewer pixels": (grey(Rows=65), "claims 4,160 bytes of pixels and holds 4,096"),
    "40,000 x 40,000": (
        grey(Rows=40_000, Columns=40_000),
        "claims 40000 x 40000 pixels, more than 80,000,000",
    ),
    "a strip": (grey(Rows=1, Columns=20_000), "claims 20000 x 1 pixels, a side longer than 16,384"),
    "frames of -1": (grey(NumberOfFrames="-1"), "claims -1 frames"),
    "two samples": (grey(SamplesPerPixel=2), "has 2 samples a pixel, not 1 or 3"),
    "grey of three samples": (
        grey(SamplesPerPixel=3),
        "is damaged: it claims to be grey with 3 samples a pixel",
    ),
    "32 bits": (grey(BitsAllocated=32), "allocates 32 bits a sample, not 8 or 16"),
    "bits beyond": (
        grey(BitsStored=9, HighBit=8),
        "is damaged: 9 bits with the highest at 8 do not lie within 8",
    ),
    "high bit below": (grey(HighBit=3), "is damaged: 8 bits with the highest at 3 do not lie within 8"),
    "photometric": (
        grey(PhotometricInterpretation="HSV"),
        "has a Photometric Interpretation that is not supported",
    ),
    "slope of 0": (
        grey(RescaleSlope="0", RescaleIntercept="1"),
        "is damaged: its Rescale Slope is 0",
    ),
    "slope alone": (grey(RescaleSlope="2"), "has only one of Rescale Slope and Rescale Intercept"),
    "endless slope": (
        grey(RescaleSlope="1e308", RescaleIntercept="1"),
        "is damaged: its Rescale Slope and Intercept leave no numbers",
    ),
    "center alone": (grey(WindowCenter="2"), "has only one of Window Center and Window Width"),
    "width below 0": (
        grey(WindowCenter="2", WindowWidth="-3"),
        "is damaged: a window of width -3 shows nothing",
    ),
    "function": (
        grey(WindowCenter="2", WindowWidth="3", VOILUTFunction="CUBIC"),
        "has a VOI LUT Function that is not supported",
    ),
    "shape": (grey(PresentationLUTShape="LIN OD"), "has a Presentation LUT Shape that is not supported"),
    "presentation table": (
        grey(PresentationLUTSequence=table([4, 0, 8], [1, 2, 3, 4])),
        "has a Presentation LUT Sequence, which is not supported",
    ),
    "short table": (
        grey(VOILUTSequence=table([5, 0, 8], [1, 2, 3, 4])),
        "is damaged: its VOI LUT claims 5 entries and holds 4",
    ),
    "table of 7 bits": (
        grey(ModalityLUTSequence=table([4, 0, 7], [1, 2, 3, 4])),
        "has a Modality LUT of 7 bits, not 8 to 16",
    ),
    "entries beyond": (
        grey(VOILUTSequence=table([4, 0, 8], [1, 2, 3, 400])),
        "is damaged: its VOI LUT has entries of more than 8 bits",
    ),
    "half a table": (
        grey(VOILUTSequence=table([4, 0, 8], None)),
        "is damaged: its VOI LUT lacks descriptor or data",
    ),
    "MPEG": (
        in_syntax("1.2.840.10008.1.2.4.102"),
        "has a transfer syntax that is not supported: MPEG-4 AVC/H.264 High Profile / Level 4.1",
    ),
    **{
        name: (in_syntax(syntax), f"has a transfer syntax that is not supported: {name}")
        for name, syntax in {
            "High-Throughput JPEG 2000 Image Compression": "1.2.840.10008.1.2.4.203",
            "Encapsulated Uncompressed Explicit VR Little Endian": "1.2.840.10008.1.2.1.98",
            "SMPTE ST 2110-20 Uncompressed Progressive Active Video": "1.2.840.10008.1.2.7.1",
        }.items()
    },
    "unknown syntax": (in_syntax("1.2.3.4"), "has a transfer syntax that is not supported: unknown"),
    "no frame": (
        compressed("JPEG-LS", PixelData=b"\xfe\xff\0\xe0\0\0\0\0"),
        "is damaged: its compressed pixels have no whole frame",
    ),
    "not JPEG": (framed("JPEG lossless", b"\0" * 400), "is damaged: it does not begin as JPEG does"),
    "not JPEG 2000": (
        framed("JPEG 2000", b"\0" * 400),
        "is damaged: its compressed pixels are not JPEG 2000",
    ),
    "no frame header": (
        framed("JPEG baseline", b"\xff\xd8\xff\xd9"),
        "is damaged: the JPEG has no frame header",
    ),
    "another JPEG": (
        framed("JPEG lossless", JPEG),
        "is damaged: its pixels are not in the transfer syntax that it states, JPEG Lossless, "
        "Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])",
    ),
    "another size": (
        compressed("JPEG 2000", Rows=63),
        "claims 64 x 63 pixels, and its compressed pixels 64 x 64",
    ),
    "colour within": (
        framed("JPEG baseline", saved(Image.fromarray(IMAGE).convert("RGB"), "JPEG")),
        "claims 1 samples a pixel, and its compressed pixels 3",
    ),
    "bits within": (
        framed("JPEG lossless", jpeg_lossless(IMAGE, 12)),
        "allocates 8 bits a sample, and its compressed pixels have 12",
    ),
    "no end of JPEG-LS": (
        framed("JPEG-LS", frame_of("JPEG-LS")[:-40]),
        "is truncated: the end of its JPEG-LS pixels is missing",
    ),
    "half a JPEG 2000": (
        framed("JPEG 2000", frame_of("JPEG 2000")[:400]),
        "is damaged: its compressed pixels cannot be decoded",
    ),
    "tiles that do not hold the image": (
        framed("JPEG 2000", resized(tile=(64, 64), first=(0, 70))),
        "is damaged: the tiles of its JPEG 2000 pixels do not hold the image",
    ),
    "tiles of nothing": (
        framed("JPEG 2000", resized(tile=(0, 64))),
        "is damaged: the tiles of its JPEG 2000 pixels do not hold the image",
    ),
    "a tile a pixel": (
        framed("JPEG 2000", resized(tile=(1, 1))),
        "claims 4,096 tiles in its JPEG 2000 pixels",
    ),
    "tiles that are not there": (
        framed("JPEG 2000", resized(tile=(32, 32))),
        "is truncated: 3 of 4 tiles of its JPEG 2000 pixels are missing",
    ),
    "no coding style": (
        framed("JPEG 2000", frame_of("JPEG 2000").replace(b"\xff\x52\0\x0c", b"\xff\x52\0\x05")),
        "is damaged: its JPEG 2000 header is cut off",
    ),
    "RLE header": (framed("RLE", b"\0" * 30), "is damaged: its RLE header is cut off"),
    "RLE segments": (framed("RLE", b"\2" + b"\0" * 99), "is damaged: it has 2 RLE segments, not 1"),
    "RLE offsets": (framed("RLE", b"\1\0\0\0\1" + b"\0" * 99), "is damaged: its RLE segments overlap"),
    "RLE short": (
        framed("RLE", b"\1\0\0\0\x40" + b"\0" * 59 + b"\x81\7\x80\x80"),
        "is damaged: an RLE segment holds fewer pixels than claimed",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_damaged_or_not_supported_is_refused_with_its_reason(case):
    made, reason = DAMAGED[case]
    assert reason_of(decode_dataset, made) == reason
    assert reason_of(decode_dicom, file_of(made)) == reason


@pytest.mark.parametrize(
    ("syntax", "known", "name"),
    [
        ("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.102", "JPEG XL Lossless"),
        ("1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.102", "JPEG XL JPEG Recompression"),
        ("1.2.840.10008.1.2.4.112", "1.2.840.10008.1.2.4.102", "JPEG XL"),
        ("1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.7.1", "Deflated Image Frame Compression"),
    ],
)
def test_syntaxes_that_pydicom_does_not_know_are_named(syntax, known, name):
    # pydicom writes none of them, but those that it knows and that have as many characters.
    whole = raw(file_of(in_syntax(known)), known.encode(), syntax.encode())
    reason = f"has a transfer syntax that is not supported: {name}"
    assert reason_of(decode_dicom, whole) == reason
    assert reason_of(decode_dataset, in_syntax(syntax)) == reason


@pytest.mark.parametrize("tile", [8, 17, 64])
def test_an_image_in_tiles_is_read_and_without_one_is_refused(tile):
    options = {"no_jp2": True, "tile_size": (tile, tile), "num_resolutions": 1, "codeblock_size": (4, 4)}
    frame = saved(Image.fromarray(IMAGE), "JPEG2000", precinct_size=(128, 128), **options)
    np.testing.assert_array_equal(decode_dataset(framed("JPEG 2000", frame)).pixels, IMAGE)
    tiles = (-(-64 // tile)) ** 2
    starts = [at for at in range(len(frame)) if frame[at : at + 4] == b"\xff\x90\0\x0a"]
    assert len(starts) == tiles
    for cut in {starts[-1], starts[-1] + 20, starts[len(starts) // 2]} if tiles > 1 else ():
        missing = tiles - sum(start < cut for start in starts) + (cut not in starts)
        reason = f"is truncated: {missing} of {tiles} tiles of its JPEG 2000 pixels are missing"
        assert reason_of(decode_dataset, framed("JPEG 2000", frame[:cut])) == reason


def raw(whole: bytes, old: bytes, new: bytes) -> bytes:
    assert whole.count(old) == 1
    return whole.replace(old, new)


UNPARSABLE = {
    # (0028,1050) Window Center DS 2 bytes; the value is no number, or not a finite one.
    "no number": (
        b"(\0\x50\x10DS\2\0" + b"90",
        b"(\0\x50\x10DS\2\0" + b"xx",
        "is damaged: its Window Center is no number",
    ),
    "not finite": (
        b"(\0\x50\x10DS\2\0" + b"90",
        b"(\0\x50\x10DS\4\0" + b"inf ",
        "is damaged: its Window Center is no finite number",
    ),
    "rows of three bytes": (b"(\0\x10\0US\2\0", b"(\0\x10\0US\3\0", None),
    "text for rows": (b"(\0\x10\0US\2\0", b"(\0\x10\0LO\2\0", None),
}


@pytest.mark.parametrize("case", UNPARSABLE)
def test_an_element_that_cannot_be_read_is_refused(case):
    old, new, reason = UNPARSABLE[case]
    found = reason_of(decode_dicom, raw(dicom(IMAGE, bits=8, WindowCenter="90", WindowWidth="50"), old, new))
    assert reason is None or found == reason


def test_bytes_that_are_nothing_are_refused():
    assert reason_of(decode_dicom, b"") == "the file is empty (0 bytes)"
    assert reason_of(decode_radiograph, b"") == "the file is empty (0 bytes)"
    assert reason_of(decode_dicom, PNG) == "is no DICOM file, or its first bytes are damaged"
    assert "is not a PNG, JPEG, TIFF or DICOM file" in reason_of(decode_radiograph, b"XYZW" * 40)


def test_a_data_set_without_a_transfer_syntax_must_be_uncompressed():
    made = compressed("JPEG-LS")
    del made.file_meta
    made.set_original_encoding(False, True)
    made["PixelData"].is_undefined_length = True
    assert reason_of(decode_dataset, made) == "has compressed pixels and states no transfer syntax"
    made = grey()
    del made.file_meta
    assert reason_of(decode_dataset, made) == "states no transfer syntax"
    made.set_original_encoding(True, True)
    np.testing.assert_array_equal(decode_dataset(made).pixels, IMAGE)


def deflated(inflated_size: int) -> bytes:
    whole = dicom(IMAGE, NATIVE["deflated"], bits=8)
    start = 144 + int.from_bytes(whole[140:144], "little")
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = b"".join(packer.compress(bytes(1 << 20)) for _ in range(inflated_size >> 20))
    return whole[:start] + block + packer.flush()


def test_a_deflated_data_set_has_a_limit():
    assert reason_of(decode_dicom, deflated(300 << 20)) == "inflates to more than 268,435,456 bytes"
    whole = dicom(IMAGE, NATIVE["deflated"], bits=8)
    assert reason_of(decode_dicom, whole[:-30]) == "is truncated: its deflated data set has no end"
    start = 144 + int.from_bytes(whole[140:144], "little")
    broken = whole[:start] + b"\xff" * 400
    assert reason_of(decode_dicom, broken) == "is damaged: its deflated data set cannot be inflated"


BOMBS = {
    "claims much and holds little": grey(Rows=8_900, Columns=8_900),
    "RLE that unpacks to all of memory": framed("RLE", b"\1\0\0\0\x40" + b"\0" * 59 + b"\x81\7" * 20_000_000),
    "JPEG 2000 with a tile for each 35 x 35 pixels": edited(
        framed("JPEG 2000", resized((8_900, 8_900), (35, 35)) + bytes(1_000_000)), Rows=8_900, Columns=8_900
    ),
    "JPEG 2000 with a code block for each 4 x 4 pixels": edited(
        framed("JPEG 2000", restyled((8_900, 8_900), b"\0\0\0\0\1")), Rows=8_900, Columns=8_900
    ),
    "JPEG 2000 with a precinct for each pixel": edited(
        framed("JPEG 2000", restyled((8_900, 8_900), b"\0\4\4\0\1\0")), Rows=8_900, Columns=8_900
    ),
    "JPEG 2000 of another size": framed(
        "JPEG 2000",
        b"\xff\x4f\xff\x51\0\x29\0\0"
        + b"\0\1\x86\xa0" * 2
        + bytes(8)
        + b"\0\1\x86\xa0" * 2
        + bytes(8)
        + b"\0\1\7\1\1"
        + bytes(40),
    ),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_file_that_would_fill_the_memory_costs_little(tmp_path, case):
    if not sys.platform.startswith("linux"):
        pytest.skip("reads the process's size from /proc")
    path = tmp_path / "bomb.dcm"
    path.write_bytes(file_of(BOMBS[case]))
    # In a process of its own: a limit on memory that is passed would kill what passes it.
    program = """
import resource, sys
from pathlib import Path
from cxrtune.errors import UnreadableImageError
from cxrtune.images.decode import read_radiograph
from cxrtune.images.dicom import codecs, colour, read
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
try:
    print(read_radiograph(Path(sys.argv[1])).pixels.shape)
except UnreadableImageError as error:
    print(error.reason)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert "claims" in done.stdout or done.stdout == "(64, 64)\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [
        ("JPEG lossless", "libjpeg", "pylibjpeg-libjpeg"),
        ("JPEG-LS", "jpeg_ls", "pyjpegls"),
        ("JPEG 2000", "openjpeg", "pylibjpeg-openjpeg"),
    ],
)
def test_a_missing_decoder_is_named(monkeypatch, name, module, package):
    made = compressed(name)
    monkeypatch.setitem(sys.modules, module, None)
    assert (
        reason_of(decode_dataset, made)
        == f"is compressed in a way that needs the package {package}, which is not installed"
    )


def test_baseline_jpeg_needs_no_such_package(monkeypatch):
    made = compressed("JPEG baseline")
    for module in ("libjpeg", "jpeg_ls", "openjpeg"):
        monkeypatch.setitem(sys.modules, module, None)
    assert decode_dataset(made).pixels.shape == IMAGE.shape


def test_pydicoms_warnings_stay_within_and_name_nobody(caplog):
    caplog.set_level(logging.DEBUG)
    made = data_set(IMAGE, ExplicitVRLittleEndian, bits=8)
    broken = raw(file_of(made), b"PN\x08\0Doe^Jane", b"DA\x08\0Doe^Jane")
    broken = raw(broken, b"LO\x04\x000815", b"UI\x04\x000815")
    np.testing.assert_array_equal(decode_dicom(broken).pixels, IMAGE)  # warnings are errors here
    assert "Doe" not in caplog.text
    assert "0815" not in caplog.text


def test_a_png_does_not_pay_for_pydicom(tmp_path):
    program = """
import sys
from pathlib import Path
from cxrtune.images.decode import read_radiograph
read_radiograph(Path(sys.argv[1]))
assert not {name.split(".")[0] for name in sys.modules} & {"pydicom", "pylibjpeg", "libjpeg", "openjpeg"}
"""
    (tmp_path / "x.png").write_bytes(PNG)
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "x.png")], check=True, timeout=120)


def test_every_syntax_is_in_the_table_of_codecs():
    codecs = importlib.import_module("cxrtune.images.dicom.codecs").CODECS
    for name, syntax in LOSSLESS.items():
        assert (syntax in codecs) == (name.startswith("JPEG"))
    assert len(codecs) == 8


def test_threads_do_not_let_each_others_warnings_through():
    # Two elements that pydicom warns of; warnings are errors here, and would come back as a reason.
    odd = raw(dicom(IMAGE, bits=8, NumberOfFrames="1 "), b"IS\x02\x001 ", b"IS\x02\x00+1")
    cut = dicom(IMAGE, SYNTAXES["JPEG lossless"], bits=8)[:-9]
    before = warnings.filters[:], warnings.showwarning
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(outcome_of, [odd, cut] * 300))
    assert set(found[::2]) == {IMAGE.tobytes()}
    assert set(found[1::2]) == {"is truncated: it ends within an element"}
    assert (warnings.filters[:], warnings.showwarning) == before


def outcome_of(data: bytes) -> bytes | str:
    try:
        return decode_dicom(data).pixels.tobytes()
    except UnreadableImageError as error:
        return error.reason


def test_warnings_of_others_are_said_when_the_block_ends():
    with pytest.warns(UserWarning, match="ours"), held_warnings("pydicom") as held:
        warnings.warn("ours", stacklevel=1)
    assert held == []
    with held_warnings("pydicom", "images") as held:
        warnings.warn("theirs", stacklevel=1)  # this file stands in a folder of that name
    assert held == ["theirs"]
