"""Mutants of small files of every kind that is read; a mutant is known by its number alone."""

import io
import random

import numpy as np
import tifffile
from openjpeg.utils import encode_array
from PIL import Image
from pydicom.encaps import encapsulate

from dicom_made import SYNTAXES, dicom, lut_item
from encoded import GREY, RGB, png, saved
from hostile import animated_png, many_scans
from nih_folder import image_of

IMAGE = image_of(1, 40)
DEEP = IMAGE.astype(np.uint16) * 257
MODERN = {
    "WindowCenter": "100",
    "WindowWidth": "90",
    "RescaleSlope": "1.5",
    "RescaleIntercept": "-3",
    "PixelPaddingValue": 0,
    "PhotometricInterpretation": "MONOCHROME1",
}


def _png() -> list[bytes]:
    return [
        png(IMAGE, 8, GREY),
        png(DEEP, 16, GREY),
        png(IMAGE[..., None].repeat(3, -1), 8, RGB),
        saved(Image.fromarray(IMAGE).convert("P"), "PNG"),
    ]


def _animated() -> list[bytes]:
    small = IMAGE[::5, ::5]
    return [
        animated_png(small),
        animated_png(small, frames=5),
        animated_png(IMAGE, hidden_default=True),
        saved(Image.fromarray(small), "PNG", save_all=True, append_images=[Image.fromarray(small // 2)]),
    ]


def _tiff() -> list[bytes]:
    made = [saved(Image.fromarray(IMAGE), "TIFF", compression=name) for name in ("tiff_lzw", "packbits")]
    made.append(saved(Image.fromarray(DEEP), "TIFF", compression="tiff_adobe_deflate"))
    made.append(saved(Image.fromarray(IMAGE).convert("P"), "TIFF"))
    for samples, options in (
        (IMAGE, {"photometric": "miniswhite", "byteorder": ">"}),
        (DEEP, {"photometric": "minisblack", "tile": (16, 16)}),
        (IMAGE[..., None].repeat(3, -1), {"photometric": "rgb", "rowsperstrip": 8}),
        (DEEP[..., None].repeat(3, -1), {"photometric": "rgb"}),
    ):
        stream = io.BytesIO()
        tifffile.imwrite(stream, samples, **options)
        made.append(stream.getvalue())
    return made


def _jpeg() -> list[bytes]:
    image = Image.fromarray(IMAGE)
    stored = IMAGE.astype(int)
    return [
        saved(image, "JPEG"),
        saved(image, "JPEG", progressive=True),
        saved(image.convert("RGB"), "JPEG", quality=95, progressive=True),
        saved(image, "JPEG", restart_marker_blocks=2),
        many_scans(20),
        _stream_of(dicom(stored * 16, SYNTAXES["JPEG lossless"], bits=12)),
        _stream_of(dicom(stored, SYNTAXES["JPEG lossless"], bits=8)),
    ]


def _stream_of(data: bytes) -> bytes:
    return data[data.index(b"\xff\xd8\xff") : data.rindex(b"\xff\xd9") + 2]


def _dicom() -> list[bytes]:
    files = [dicom(IMAGE, syntax, bits=8, **MODERN) for syntax in SYNTAXES.values()]
    deep = [
        dicom(IMAGE.astype(int) * 16, syntax, bits=12)
        for name, syntax in SYNTAXES.items()
        if "baseline" not in name
    ]
    tables = [
        dicom(
            IMAGE,
            bits=8,
            VOILUTSequence=[lut_item(0, range(256), 8)],
            ModalityLUTSequence=[lut_item(0, range(9), 8)],
        ),
        dicom(IMAGE, bits=8)[132:],
    ]
    return [*files, *deep, *tables, *_colours()]


def _colours() -> list[bytes]:
    rgb = IMAGE[..., None].repeat(3, -1)
    frames = {
        ("RGB", SYNTAXES["explicit"]): rgb.tobytes(),
        ("YBR_FULL_422", SYNTAXES["JPEG baseline"]): encapsulate([saved(Image.fromarray(rgb), "JPEG")]),
        ("YBR_RCT", SYNTAXES["JPEG 2000"]): encapsulate(
            [bytes(encode_array(rgb, photometric_interpretation=1))]
        ),
    }
    return [
        dicom(
            IMAGE,
            syntax,
            bits=8,
            SamplesPerPixel=3,
            PlanarConfiguration=0,
            PhotometricInterpretation=photometric,
            PixelData=frame,
        )
        for (photometric, syntax), frame in frames.items()
    ]


CORPORA = {
    "PNG": _png(),
    "animated PNG": _animated(),
    "TIFF": _tiff(),
    "JPEG": _jpeg(),
    "DICOM": _dicom(),
}
CORPUS = [data for files in CORPORA.values() for data in files]


def mutant(number: int, corpus: list[bytes] = CORPUS) -> bytes:
    """The file of this number: one to sixteen changes, half of them near the beginning."""
    draw = random.Random(number)
    data = bytearray(draw.choice(corpus))
    for _ in range(draw.choice((1, 1, 1, 2, 4, 16))):
        if not data:
            break
        place = draw.randrange(len(data)) if draw.random() < 0.5 else draw.randrange(min(len(data), 900))
        change = draw.random()
        if change < 0.45:
            data[place] = draw.choice((0, 1, 127, 128, 254, 255, draw.randrange(256)))
        elif change < 0.6:
            data[place] ^= 1 << draw.randrange(8)
        elif change < 0.7:
            del data[place : place + draw.choice((1, 2, 8, 64))]
        elif change < 0.8:
            data[place:place] = draw.randbytes(draw.choice((1, 2, 8)))
        elif change < 0.9:
            source = draw.randrange(len(data))
            data[place : place + 32] = data[source : source + 32]
        elif change < 0.95:
            data[place : place + 4] = draw.choice((b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f", b"\0\0\0\x80"))
        else:
            del data[place:]
    return bytes(data)
