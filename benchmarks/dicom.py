"""What decoding a DICOM radiograph costs, step by step, on one core: medians and shares.

    python benchmarks/dicom.py [FILE ...] [--times 20]

Without files it takes RG1 of the package pydicom-data: a chest of 1841 x 1955 pixels with 15 bits stored,
as it was (UNCR) and in lossless JPEG 2000 (J2KR).
"""

import argparse
import statistics
import time
from pathlib import Path

import cv2
import numpy as np

from cxrtune.images.dicom import decode_dicom
from cxrtune.images.dicom.frame import grey_frame
from cxrtune.images.dicom.grey import grey_table
from cxrtune.images.dicom.header import read_header
from cxrtune.images.dicom.read import read_bytes
from cxrtune.images.dicom.transforms import read_transforms
from cxrtune.images.preprocess import to_packed
from cxrtune.images.radiograph import Radiograph
from cxrtune.recipe import PreprocessSpec


def rg1() -> list[Path]:
    import data_store

    folder = Path(data_store.__file__).parent / "data"
    return [folder / f"RG1_{kind}.dcm" for kind in ("UNCR", "J2KR")]


def steps(data: bytes) -> dict[str, float]:
    """Milliseconds of each step of one decoding."""
    marks = [time.perf_counter()]
    dataset = read_bytes(data)
    notes: list[str] = []
    header = read_header(dataset, notes)
    marks.append(time.perf_counter())
    frame = grey_frame(dataset, header, notes)()
    marks.append(time.perf_counter())
    table = grey_table(read_transforms(dataset, header, notes), frame.bits, frame.depth)
    marks.append(time.perf_counter())
    pixels = np.take(table, frame.samples)
    marks.append(time.perf_counter())
    to_packed(Radiograph(pixels), PreprocessSpec())
    marks.append(time.perf_counter())
    names = ("read", "decode", "table", "apply", "resize")
    return {name: 1000 * (b - a) for name, a, b in zip(names, marks, marks[1:], strict=False)}


def table_of(files: list[Path], times: int) -> str:
    """The Markdown table of all files."""
    rows = ["| file | step | median ms | share |", "|---|---|---:|---:|"]
    for path in files:
        data = path.read_bytes()
        decode_dicom(data)
        runs = [steps(data) for _ in range(times)]
        medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        whole = sum(medians.values())
        rows += [
            f"| {path.name} | {name} | {spent:.1f} | {spent / whole:.0%} |" for name, spent in medians.items()
        ]
        rows.append(f"| {path.name} | all | {whole:.1f} | 100% |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(table_of(options.files or rg1(), options.times))


if __name__ == "__main__":
    main()
