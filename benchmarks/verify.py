"""How long `cxrtune verify` takes for NIH's 112,120 names, apart from decoding.

    python benchmarks/verify.py [--repeats 3]

The files are empty stand-ins, which are told by their size and never opened.
"""

import argparse
import csv
import gzip
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cxrtune.cohort.shipped import NIH_TABLE, shipped_table


def write_stand_ins(folder: Path) -> int:
    """Write NIH's table, and an empty file for each of its images; return how many."""
    packed = shipped_table(NIH_TABLE)
    if packed is None:
        raise SystemExit("torchxrayvision, which ships NIH's table, is not installed")
    table = gzip.decompress(packed.read_bytes())
    (folder / "images").mkdir(parents=True)
    (folder / NIH_TABLE.removesuffix(".gz")).write_bytes(table)
    names = [row["Image Index"] for row in csv.DictReader(io.StringIO(table.decode()))]
    for name in names:
        (folder / "images" / name).touch()
    return len(names)


def seconds_of_verify(folder: Path) -> float:
    """Return the seconds of the whole command, its start included."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "cxrtune", "verify", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 1:  # empty files are errors
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        images = write_stand_ins(Path(place) / "nih")
        seconds = sorted(seconds_of_verify(Path(place) / "nih") for _ in range(options.repeats))
    print(
        f"cxrtune verify of {images:,} names: {seconds[len(seconds) // 2]:.1f} s (median of {len(seconds)})"
    )


if __name__ == "__main__":
    main()
