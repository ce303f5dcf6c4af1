"""Packing 1024 px PNG against TorchXRayVision's loader with its resize, a core; and in more processes.

    python benchmarks/packing.py FOLDER [--files 110] [--rounds 3]

FOLDER is an NIH folder; `cxrtune phantom --size 1024 --out FOLDER` makes one.
"""

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from cxrtune.cohort.folder import image_files
from cxrtune.images.decode import read_radiograph
from cxrtune.images.preprocess import to_packed
from cxrtune.packs.build import build_pack
from cxrtune.processors import processor_count
from cxrtune.recipe import PreprocessSpec

with warnings.catch_warnings():
    import torchxrayvision as xrv

SPEC = PreprocessSpec(size=224)
CROP, RESIZE = xrv.datasets.XRayCenterCrop(), xrv.datasets.XRayResizer(224)


def theirs(path: Path) -> object:
    return RESIZE(CROP(xrv.utils.load_image(str(path))))


def ours(path: Path) -> object:
    return to_packed(read_radiograph(path), SPEC)


def bare(path: Path) -> object:
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)


WAYS: dict[str, Callable[[Path], object]] = {
    "TorchXRayVision's loader, crop and resize": theirs,
    "cxrtune's packing": ours,
    "the bare decoding in it (OpenCV)": bare,
}


def pack(folder: Path, files: int, rounds: int) -> None:
    """Print both tables."""
    cv2.setNumThreads(1)
    images = dict(list(image_files(folder).items())[:files])
    spent = {name: [] for name in WAYS}
    for path in images.values():
        for name, way in WAYS.items():
            started = time.process_time()
            way(path)
            spent[name].append(1000 * (time.process_time() - started))
    print(f"{len(images)} PNG files, processor time on one core\n")
    print("| way | ms an image, median | rate, theirs = 1 |\n|---|---:|---:|")
    reference = spent["TorchXRayVision's loader, crop and resize"]
    for name, times in spent.items():
        rate = statistics.median(a / b for a, b in zip(reference, times, strict=True))
        print(f"| {name} | {statistics.median(times):.1f} | {rate:.2f} |")
    share = statistics.median(
        a / b for a, b in zip(*(spent[name] for name in list(WAYS)[:0:-1]), strict=True)
    )
    print(f"\nThe bare decoding is {share:.0%} of packing.\n")
    in_processes(images, rounds)


def in_processes(images: dict[str, Path], rounds: int) -> None:
    """Pack in one process and in several, in turns; starting the processes is taken off."""
    counts = sorted({1, processor_count()})
    repeated = {f"{turn}/{name}": path for turn in range(4) for name, path in images.items()}
    few = dict(list(images.items())[:1])
    rates: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            rates[count].append(len(repeated) / (seconds(repeated, count) - seconds(few, count)))
    print("| processes | images/s, median | of linear |\n|---:|---:|---:|")
    alone = statistics.median(rates[1])
    for count in counts:
        rate = statistics.median(rates[count])
        print(f"| {count} | {rate:.0f} | {rate / alone / count:.0%} |")


def seconds(images: dict[str, Path], workers: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        build_pack(images, SPEC, Path(folder) / "pack", workers=workers)
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=110)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    pack(options.folder, options.files, options.rounds)


if __name__ == "__main__":
    main()
