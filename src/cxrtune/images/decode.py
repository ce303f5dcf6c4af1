"""Any file -> radiograph."""

from __future__ import annotations

from pathlib import Path

from cxrtune.errors import UnreadableImageError
from cxrtune.images.radiograph import Radiograph
from cxrtune.images.raster import decode_raster


def read_radiograph(path: Path) -> Radiograph:
    """Read and decode one file.

    Raises:
        UnreadableImageError: The file cannot be read or gives no radiograph.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableImageError(
            f"cannot be read: {(error.strerror or 'unknown cause').lower()}", path=path
        ) from error
    try:
        return decode_raster(data)
    except UnreadableImageError as error:
        raise UnreadableImageError(error.reason, path=path) from error
