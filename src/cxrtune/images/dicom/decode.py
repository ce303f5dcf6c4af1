"""DICOM file or data set -> radiograph: the standard's steps in the standard's order."""

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
    """Decode a DICOM file of a frontal radiograph; docs/dicom.md says what is done in which order.

    Args:
        data: The file's bytes, with or without preamble.
        allow: What is let in that is refused otherwise: of several frames the first is taken, of colour the
            luma.
        max_pixels: A header that claims more is refused.
        also: Keywords of elements that are read beside those that the image needs.
        look: Called with the data set before its pixels are decoded, so that a file is parsed once; what it
            raises is raised.

    Raises:
        UnreadableImageError: The bytes are no DICOM file, damaged, not supported, too many pixels, or cannot
            be a frontal chest radiograph. The reason holds no name and no identifier.
    """
    from cxrtune.images.dicom.read import read_bytes

    def read() -> Dataset:
        dataset = read_bytes(data, also)
        if look is not None:
            look(dataset)
        return dataset

    return _decoded(read, allow, max_pixels)


def decode_dataset(dataset: Dataset, allow: frozenset[Allowance] = frozenset()) -> Radiograph:
    """Decode a data set that is in memory already, as one that came over a network.

    Args:
        dataset: The data set, not changed; its `file_meta` states the transfer syntax. Without one it must be
            uncompressed.
        allow: As for `decode_dicom`.

    Raises:
        UnreadableImageError: As for `decode_dicom`.
    """
    return _decoded(lambda: dataset, allow, MAX_PIXELS)


def _decoded(read: Callable[[], Dataset], allow: frozenset[Allowance], max_pixels: int) -> Radiograph:
    held: list[str] = []
    notes: list[str] = []
    try:
        # pydicom warns of what it reads all the same; what matters of it is checked here and refused by name.
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
    except MemoryError:  # said by the decoding process, with its limit
        raise
    except Exception as error:
        # Reading an element of a damaged file may raise anything, with the element's value in its text.
        raise UnreadableImageError(
            f"is damaged: its data set cannot be read ({type(error).__name__})"
        ) from None


def _prepared(
    dataset: Dataset, allow: frozenset[Allowance], max_pixels: int, notes: list[str]
) -> Callable[[], Pixels]:
    """Do all that needs the data set, and return the rest: decoding, and the look-up in the table."""
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
