"""Makes DICOM files in every transfer syntax; JPEG Lossless is encoded by hand, as T.81 says."""

import io

import numpy as np
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from encoded import saved

NATIVE = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
LOSSLESS = {
    **NATIVE,
    "RLE": RLELossless,
    "JPEG lossless": JPEGLosslessSV1,
    "JPEG-LS": JPEGLSLossless,
    "JPEG 2000": JPEG2000Lossless,
}
SYNTAXES = {**LOSSLESS, "JPEG baseline": JPEGBaseline8Bit, "JPEG 2000 lossy": JPEG2000}


def data_set(
    stored, syntax=ExplicitVRLittleEndian, bits=12, allocated=None, high_bit=None, **elements
) -> Dataset:
    """A CR image whose pixels, with the given elements over the usual ones, are these stored values.

    Args:
        stored: Integers (H, W); negative ones make the pixels signed, as `signed=True` does.
        elements: Keywords and values; a value of None takes the element away.
    """
    signed = elements.pop("signed", bool((stored < 0).any()))
    allocated = allocated or (8 if bits <= 8 else 16)
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["a test"])
    made.SOPClassUID = ComputedRadiographyImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID
    made.Modality, made.ViewPosition = "CR", "PA"
    made.PatientName, made.PatientID = "Doe^Jane", "0815"
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = stored.shape[:2]
    made.BitsAllocated, made.BitsStored = allocated, bits
    made.HighBit = bits - 1 if high_bit is None else high_bit
    made.PixelRepresentation = int(signed)
    made.PixelData = pixel_data(stored, syntax, made)
    made["PixelData"].VR = "OB" if syntax.is_encapsulated or allocated == 8 else "OW"
    if syntax == ExplicitVRBigEndian and allocated == 8:
        made["PixelData"].VR = "OB"
    for keyword, value in elements.items():
        if value is None:
            del made[keyword]
        else:
            setattr(made, keyword, value)
    return made


def file_of(made: Dataset) -> bytes:
    stream = io.BytesIO()
    # The encoding of a syntax that pydicom does not know must be told.
    private = made.file_meta.TransferSyntaxUID.is_private
    encoding = {"implicit_vr": False, "little_endian": True} if private else {}
    made.save_as(stream, enforce_file_format=True, **encoding)
    return stream.getvalue()


def dicom(stored, syntax=ExplicitVRLittleEndian, **options) -> bytes:
    return file_of(data_set(stored, syntax, **options))


def lut_item(first, entries, bits, signed=False) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if signed else "US", [len(entries) & 0xFFFF, first, bits])
    # More than 64 KB need a representation with a long length (PS3.5 7.1.2).
    long = len(entries) >= 1 << 15
    item.add_new(
        "LUTData",
        "OW" if long else "US",
        np.asarray(entries, "<u2").tobytes() if long else [*map(int, entries)],
    )
    return item


def pixel_data(stored, syntax, made) -> bytes:
    bits, low = made.BitsStored, made.HighBit + 1 - made.BitsStored
    patterns = (stored.astype(np.int64) & ((1 << bits) - 1)) << low
    samples = patterns.astype(np.uint8 if made.BitsAllocated == 8 else np.uint16)
    if syntax in NATIVE.values():
        data = samples.astype(
            samples.dtype.newbyteorder(">" if syntax == ExplicitVRBigEndian else "<")
        ).tobytes()
        return data + bytes(len(data) % 2)
    return encapsulate([frame(samples, syntax, bits)])


def frame(samples, syntax, bits) -> bytes:
    if syntax == RLELossless:
        return rle(samples)
    if syntax == JPEGLosslessSV1:
        return jpeg_lossless(samples, bits)
    if syntax == JPEGLSLossless:
        import jpeg_ls

        height, width = samples.shape
        return bytes(jpeg_ls.encode_buffer(samples.tobytes(), height, width, 1, bits, 0, 0))
    if syntax in (JPEG2000Lossless, JPEG2000):
        from openjpeg.utils import encode_array

        if min(samples.shape) < 32:  # too small for the resolutions that this encoder always makes
            return saved(Image.fromarray(samples), "JPEG2000", num_resolutions=1, no_jp2=True)
        ratios = [10] if syntax == JPEG2000 else None
        return bytes(encode_array(samples, bits_stored=bits, compression_ratios=ratios, codec_format=0))
    return saved(Image.fromarray(samples), "JPEG", quality=90)


def rle(samples) -> bytes:
    """PS3.5 annex G: a segment a byte plane, the high bytes first; here in literal runs and repeats."""
    planes = [samples] if samples.dtype == np.uint8 else [samples >> 8, samples & 0xFF]
    segments = [b"".join(_packed(row.astype(np.uint8).tobytes()) for row in plane) for plane in planes]
    segments = [segment + bytes(len(segment) % 2) for segment in segments]
    offsets = 64 + np.cumsum([0, *map(len, segments)])[:-1]
    header = np.zeros(16, "<u4")
    header[0], header[1 : 1 + len(segments)] = len(segments), offsets
    return header.tobytes() + b"".join(segments)


def _packed(row: bytes) -> bytes:
    packed, position = bytearray(), 0
    while position < len(row):
        run = 1
        while run < 128 and row[position : position + 1] * (run + 1) == row[position : position + run + 1]:
            run += 1
        if run > 1:
            packed += bytes([257 - run, row[position]])
        else:
            packed += bytes([0, row[position]])
        position += run
    return bytes(packed)


def jpeg_lossless(samples, bits) -> bytes:
    """ITU-T T.81, annex H: predictor 1, and one Huffman table in which each of 17 categories has 5 bits."""
    height, width = samples.shape
    values = samples.astype(int)
    predicted = np.empty_like(values)
    predicted[:, 1:] = values[:, :-1]
    predicted[1:, 0], predicted[0, 0] = values[:-1, 0], 1 << bits - 1
    stream = []
    for difference in ((values - predicted) & 0xFFFF).ravel():
        difference = int(difference) - (1 << 16 if difference > 1 << 15 else 0)
        category = abs(difference).bit_length()
        stream.append(f"{category:05b}")
        if 0 < category < 16:
            stream.append(
                f"{difference if difference > 0 else difference + (1 << category) - 1:0{category}b}"
            )
    text = "".join(stream)
    text += "1" * (-len(text) % 8)
    scan = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
    counts = bytes([0, 0, 0, 0, 17, *[0] * 11])
    return b"".join(
        (
            b"\xff\xd8",
            b"\xff\xc3\0\x0b"
            + bytes([bits])
            + height.to_bytes(2, "big")
            + width.to_bytes(2, "big")
            + b"\1\1\x11\0",
            b"\xff\xc4\0\x24\0" + counts + bytes(range(17)),
            b"\xff\xda\0\x08\1\1\0\1\0\0",
            scan,
            b"\xff\xd9",
        )
    )
