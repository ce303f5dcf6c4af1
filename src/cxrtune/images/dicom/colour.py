"""Colour images that the user allows -> luma."""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, ExplicitVRLittleEndian, RLELossless

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.codecs import require_memory
from cxrtune.images.dicom.frame import grey_frame, rle_planes
from cxrtune.images.dicom.grey import stored_values
from cxrtune.images.dicom.header import Header
from cxrtune.images.dicom.lut import read_lut
from cxrtune.images.dicom.pixel_data import NATIVE, code_stream, first_frame, native_bytes
from cxrtune.images.radiograph import Pixels


def colour_pixels(dataset: Dataset, header: Header, notes: list[str]) -> Pixels:
    """Decode the first frame of a colour image and return its luma (ITU-R BT.601), as for a colour PNG.

    pydicom converts to RGB (PS3.3 C.7.6.3.1.2). Windows apply to grey images only (C.11.2).

    Args:
        dataset: The data set.
        header: Its header.
        notes: List to which corrections and omissions are appended.

    Returns:
        uint8 or uint16 (H, W), grey in [0, white].

    Raises:
        UnreadableImageError: The pixels do not match the header or cannot be decoded.
    """
    rgb = (_looked_up if header.samples == 1 else _decoded)(dataset, header, notes)
    return cast(Pixels, cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))


def _looked_up(dataset: Dataset, header: Header, notes: list[str]) -> Any:
    # PS3.3 C.7.6.3.1.5 and C.7.6.3.1.6: one table per colour, all of the same kind.
    if header.photometric != "PALETTE COLOR":
        raise UnreadableImageError(f"is damaged: it claims to be {header.photometric} with 1 sample a pixel")
    if "SegmentedRedPaletteColorLookupTableData" in dataset:
        raise UnreadableImageError("has a segmented palette, which is not supported")
    tables = [
        read_lut(dataset, f"{colour}PaletteColorLookupTable", f"{colour.lower()} palette", header.signed)
        for colour in ("Red", "Green", "Blue")
    ]
    if len({table.bits for table in tables}) > 1:
        raise UnreadableImageError("is damaged: the tables of its palette differ in kind")
    frame = grey_frame(dataset, header, notes)()
    stored = stored_values(frame.bits, header.signed)
    palette = np.stack([table.look_up(stored) for table in tables], axis=-1)
    return _whole_range(palette, tables[0].bits)[frame.samples]


def _whole_range(rgb: Any, bits: int) -> Any:
    kind = np.uint8 if bits <= 8 else np.uint16
    white, own = np.iinfo(kind).max, (1 << bits) - 1
    if white == own:
        return rgb.astype(kind)
    return np.rint(np.minimum(rgb, own) * (white / own)).astype(kind)


def _decoded(dataset: Dataset, header: Header, notes: list[str]) -> Any:
    syntax, plugin, planar = header.syntax, "", header.planar
    if header.syntax in NATIVE:
        # Read as a single image, whatever the number of frames: the first frame comes first.
        data = native_bytes(dataset, header, notes)
    elif header.syntax == RLELossless:
        planes = rle_planes(first_frame(dataset, header, notes), header).reshape(
            header.samples, header.allocated // 8, -1
        )
        data = np.ascontiguousarray(planes[:, ::-1].transpose(0, 2, 1)).tobytes()
        syntax, planar = ExplicitVRLittleEndian, 1
    else:
        codec, stream = code_stream(dataset, header, notes)
        data, plugin = encapsulate([stream.data]), codec.plugin(stream.precision)
    options: dict[str, Any] = {
        "rows": header.rows,
        "columns": header.columns,
        "samples_per_pixel": header.samples,
        "photometric_interpretation": header.photometric,
        "bits_allocated": header.allocated,
        "bits_stored": header.stored,
        "pixel_representation": int(header.signed),
        "planar_configuration": planar,
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
        "pixel_vr": "OB",
    }
    try:
        decoded, _ = get_decoder(UID(syntax)).as_array(data, index=0, decoding_plugin=plugin, **options)
    except MemoryError:  # reported by the decoding process, with its limit
        raise
    except Exception as error:
        # pydicom's own checks and the four libraries below it each have their own errors.
        require_memory(header.rows * header.columns * header.samples)
        raise UnreadableImageError("is damaged: its colour pixels cannot be decoded") from error
    if decoded.shape != (header.rows, header.columns, 3) or decoded.dtype.itemsize * 8 > header.allocated:
        raise UnreadableImageError("is damaged: its colour pixels decode to another size than claimed")
    return _whole_range(decoded, header.stored)
