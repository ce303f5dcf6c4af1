"""Which library decodes a radiograph's PNG fastest: every file by each in turn on one core, medians, ratios.

    python benchmarks/decode.py FOLDER [--files 100]

FOLDER is searched for PNG files; `cxrtune phantom --size 1024 --out FOLDER` makes some.
"""

import argparse
import io
import statistics
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torchvision.io import decode_png

SIZE = 224


def opencv(data: bytes) -> object:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def pillow(data: bytes) -> object:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def torchvision(data: bytes) -> object:
    return decode_png(torch.frombuffer(bytearray(data), dtype=torch.uint8))


def bare_inflate(data: bytes) -> object:
    """Only the decompression of the pixel stream, as Python's own zlib does it."""
    stream, position = [], 8
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if data[position + 4 : position + 8] == b"IDAT":
            stream.append(data[position + 8 : position + 8 + length])
        position += 12 + length
    return zlib.decompress(b"".join(stream))


def cxrtune(data: bytes) -> object:
    """Everything that packing does to a file's bytes: header check, decoding, resize."""
    from cxrtune.images.decode import decode_radiograph
    from cxrtune.images.preprocess import to_packed
    from cxrtune.recipe import PreprocessSpec

    return to_packed(decode_radiograph(data), PreprocessSpec(size=SIZE))


READERS: dict[str, Callable[[bytes], object]] = {
    "OpenCV": opencv,
    "Pillow": pillow,
    "torchvision": torchvision,
    "bare inflate (Python's zlib)": bare_inflate,
    f"cxrtune, to {SIZE} px": cxrtune,
}


def milliseconds(reader: Callable[[bytes], object], data: bytes) -> float:
    started = time.process_time()
    reader(data)
    return 1000 * (time.process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    files = [path.read_bytes() for path in sorted(options.folder.rglob("*.png"))[: options.files]]
    for reader in READERS.values():
        reader(files[0])
    times = {name: [] for name in READERS}
    for data in files:
        for name, reader in READERS.items():
            times[name].append(milliseconds(reader, data))
    print(f"{len(files)} files, CPU time on one core")
    print("| reader | median ms | ratio to OpenCV, median |\n|---|---:|---:|")
    for name, spent in times.items():
        ratio = statistics.median(a / b for a, b in zip(spent, times["OpenCV"], strict=True))
        print(f"| {name} | {statistics.median(spent):.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
