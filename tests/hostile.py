"""Small files that have ended, filled or held decoders, made here: each as its structure makes it."""

import struct
import zlib

import numpy as np
from PIL import Image

from encoded import GREY, chunk, png, saved

_IMAGE = np.linspace(0, 255, 64).reshape(8, 8).astype(np.uint8)


def animated_png(image: np.ndarray, frames: int = 2, *, hidden_default: bool = False) -> bytes:
    """An animation (PNG third edition, 11.3.6) of which each frame is darker; its default image is `image`.

    Args:
        image: uint8 (H, W).
        frames: How many.
        hidden_default: The default image is no frame of the animation.
    """
    height, width = image.shape
    whole = png(image, 8, GREY)
    end_of_header = 8 + 25
    parts, number = [chunk(b"acTL", struct.pack(">II", frames, 0))], 0
    pixels = whole[end_of_header:-12]
    for frame in range(frames + hidden_default):
        control = struct.pack(">IIIIIHHBB", number, width, height, 0, 0, 1, 10, 0, 0)
        if frame or not hidden_default:
            parts.append(chunk(b"fcTL", control))
            number += 1
        if frame == 0:
            parts.append(pixels)
            continue
        darker = b"".join(b"\0" + row.tobytes() for row in image // (frame + 1))
        parts.append(chunk(b"fdAT", struct.pack(">I", number) + zlib.compress(darker)))
        number += 1
    return whole[:end_of_header] + b"".join(parts) + whole[-12:]


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan stands there so often."""
    whole = saved(Image.fromarray(_IMAGE), "JPEG", progressive=True)
    last, end = whole.rfind(b"\xff\xda"), whole.rfind(b"\xff\xd9")
    return whole[:end] + whole[last:end] * count + whole[end:]


ANIMATED = animated_png(_IMAGE)
CLAIMS_4_GB = png(_IMAGE, 8, GREY)[:33] + b"\xff\xff\xff\xff" + png(_IMAGE, 8, GREY)[37:]
MANY_SCANS = many_scans(1_000)
