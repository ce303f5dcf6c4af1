"""DICOM file or data set -> radiograph: the steps of the standard, in its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.admission import Allowance, check_admission, is_grey
from cxrtune.images.held_warnings import held_warnings
from cxrtune.images.radiograph import MAX_PIXELS, Pixels, Radiograph, check_size

if TYPE_CHECKING:
    from pydicom import Dataset


def decode_dicom(
    data: bytes,
    allow: frozenset[Allowance] = frozenset(),
    max_pixels: int = MAX_PIXELS,
    *,
    also: Sequence[str] = (),
    look: Callable[[Dataset], None] | None = None,
) -> Radiograph:
    """Decode a DICOM file of a frontal radiograph; docs/dicom.md describes the steps and their order.

    Args:
        data: The bytes of the file, with or without preamble.
        allow: Kinds of files that are accepted although they are refused by default: the first of several
            frames is used, and the luma of colour.
        max_pixels: Maximum number of pixels; a header that claims more is refused.
        also: Keywords of elements to read in addition to those that decoding needs.
        look: Called with the data set before its pixels are decoded, so that a file is parsed only once; its
            exceptions are passed on.

    Raises:
        UnreadableImageError: The bytes are not a DICOM file, or the file is damaged, not supported, has too
            many pixels, or cannot be a frontal chest radiograph. The reason contains no names and no
            identifiers.
    """
    from cxrtune.images.dicom.read import read_bytes

    def read() -> Dataset:
        dataset = read_bytes(data, also)
        if look is not None:
            look(dataset)
        return dataset

    return _decoded(read, allow, max_pixels)


def decode_dataset(dataset: Dataset, allow: frozenset[Allowance] = frozenset()) -> Radiograph:
    """Decode a data set in memory, such as one received over a network.

    Args:
        dataset: The data set, not modified; its `file_meta` states the transfer syntax. Without it, the
            pixels must be uncompressed.
        allow: As for `decode_dicom`.

    Raises:
        UnreadableImageError: As for `decode_dicom`.
    """
    return _decoded(lambda: dataset, allow, MAX_PIXELS)


def _decoded(read: Callable[[], Dataset], allow: frozenset[Allowance], max_pixels: int) -> Radiograph:
    held: list[str] = []
    notes: list[str] = []
    try:
        # pydicom warns about values that it reads anyway; those that matter are checked and refused here.
        with held_warnings("pydicom") as held:
            decode = _prepared(read(), allow, max_pixels, notes)
        pixels = decode()
        return Radiograph(pixels, tuple(dict.fromkeys(notes)))
    except UnreadableImageError as error:
        if any("end of file" in text.lower() for text in held):
            raise UnreadableImageError("is truncated: it ends within an element") from error
        raise
    except RecursionError:
        raise UnreadableImageError("has sequences that are nested too deeply to be read") from None
    except MemoryError:  # reported by the decoding process, with its limit
        raise
    except Exception as error:
        # Reading an element of a damaged file may raise anything, whose text may contain the value.
        raise UnreadableImageError(
            f"is damaged: its data set cannot be read ({type(error).__name__})"
        ) from None


def _prepared(
    dataset: Dataset, allow: frozenset[Allowance], max_pixels: int, notes: list[str]
) -> Callable[[], Pixels]:
    """Do everything that needs the data set; return the rest as a function: decoding and table look-up."""
    from cxrtune.images.dicom.colour import colour_pixels
    from cxrtune.images.dicom.frame import grey_frame
    from cxrtune.images.dicom.grey import grey_table
    from cxrtune.images.dicom.header import read_header
    from cxrtune.images.dicom.pixel_data import as_it_is
    from cxrtune.images.dicom.transforms import check_depth, read_transforms

    header = read_header(dataset, notes)
    check_size(header.columns, header.rows, max_pixels)
    check_admission(header, allow)
    header = as_it_is(dataset, header, notes)
    if not is_grey(header):
        pixels = colour_pixels(dataset, header, notes)
        return lambda: pixels
    transforms = read_transforms(dataset, header, notes)
    take_frame = grey_frame(dataset, header, notes)

    def decode() -> Pixels:
        frame = take_frame()
        check_depth(transforms, header, frame.depth)
        return cast(Pixels, np.take(grey_table(transforms, frame.bits, frame.depth), frame.samples))

    return decode
