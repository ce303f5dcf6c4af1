"""Image sources of the Python API -> radiographs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from cxrtune.errors import UnreadableImageError, UsageError
from cxrtune.images.decode import decode_radiograph, read_radiograph
from cxrtune.images.dicom import Allowance, decode_dataset
from cxrtune.images.radiograph import Pixels, Radiograph, check_size

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom import Dataset

_ACCEPTED = (
    "Give a file's path, a file's bytes, a PIL image, a pydicom data set, or grey values as uint8 or uint16"
    " (height, width), bright where the body absorbs most."
)
_PNG_MODES = frozenset({"1", "L", "LA", "I;16", "P", "RGB", "RGBA"})


class Tensor(Protocol):
    """The interface of a torch tensor, since torch is not imported here."""

    ndim: int
    shape: tuple[int, ...]
    dtype: Any

    def is_floating_point(self) -> bool:
        """Return whether its values are floating-point numbers."""

    def detach(self) -> Any:
        """Return the tensor without its gradient history."""


if TYPE_CHECKING:
    Source = str | Path | bytes | NDArray[np.generic] | Image | Dataset | Tensor


def radiograph_of(source: Source, allow: frozenset[Allowance] = frozenset()) -> Radiograph:
    """Return the radiograph of a file, of bytes, an array, a tensor, a PIL image or a DICOM data set.

    Args:
        source: Path of a file; bytes of a file; grey values, uint8 or uint16 (H, W), a torch tensor also (1,
            H, W), bright where the body absorbs most; a PIL image; or a pydicom data set.
        allow: Kinds of DICOM files that are accepted although they are refused by default.

    Raises:
        UnreadableImageError: The source cannot be decoded to a radiograph.
        UsageError: The source has another type, or is an array that does not contain grey values.
    """
    if isinstance(source, bytes):
        return decode_radiograph(source, allow)
    if isinstance(source, str | Path):
        return read_radiograph(Path(source), allow)
    if isinstance(source, np.ndarray):
        return Radiograph(_grey_values(source))
    # By name, so that none of these libraries is imported for a caller who does not use it.
    match _library_of(source):
        case "torch":
            return Radiograph(_grey_values(_array_of(cast("Tensor", source))))
        case "PIL":
            return decode_radiograph(_png_of(cast("Image", source)))
        case "pydicom":
            return decode_dataset(cast("Dataset", source), allow)
    raise UsageError(f"an object of type {type(source).__name__} is not an image", remedy=_ACCEPTED)


def _library_of(source: object) -> str:
    """Return the library that defines the object's class or one of its base classes."""
    names = (kind.__module__.partition(".")[0] for kind in type(source).__mro__)
    return next((name for name in names if name in ("torch", "PIL", "pydicom")), "")


def _grey_values(array: NDArray[Any]) -> Pixels:
    if array.ndim == 2 and array.size and array.dtype in (np.uint8, np.uint16):
        check_size(array.shape[1], array.shape[0])
        return cast(Pixels, np.ascontiguousarray(array))
    raise UsageError(
        f"an array of {array.dtype} {array.shape} is no radiograph",
        remedy="Give grey values as uint8 or uint16 (height, width), bright where the body absorbs most.",
    )


def _array_of(tensor: Tensor) -> NDArray[Any]:
    if tensor.is_floating_point():
        raise UsageError(
            f"a tensor of {str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)} is no radiograph",
            remedy="Give grey values as they stand in the file, uint8 or uint16 (height, width): scaling and"
            " normalization are the model's own.",
        )
    values: NDArray[Any] = tensor.detach().cpu().numpy()
    return values[0] if values.ndim == 3 and len(values) == 1 else values


def _png_of(image: Image) -> bytes:
    """Return a PIL image as a PNG file, so that colour and depth are handled in one place."""
    if image.mode not in _PNG_MODES:
        raise UsageError(
            f"a PIL image of mode {image.mode} is not read",
            remedy="Convert it first: image.convert('L') for 8 bits of grey, or to mode 'I;16' for 16.",
        )
    check_size(*image.size)
    stream = io.BytesIO()
    try:
        image.save(stream, "PNG", compress_level=1)
    except OSError as error:
        raise UnreadableImageError(f"cannot be decoded: {error}") from error
    return stream.getvalue()
