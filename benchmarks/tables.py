"""How long the commands take for large tables, and how much memory: no image is read.

    python benchmarks/tables.py --out FOLDER [--rows 112120 5000000] [--commands cohort evaluate] [--files 0]

Makes, a number of rows, a label table in the way of somebody's own data (four images a patient, 14 findings)
and the scores of two models, and runs each command in a process of its own. `--files` makes as many empty
files in one folder, and a cohort of those. Everything is made anew below FOLDER, and stays there.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from cxrtune.findings import NIH_FINDINGS

MODELS = ("one", "other")
COMMANDS = ("nih", "cohort", "verify", "evaluate", "report")
MAP = f"""\
image: Path
patient: {{column: Patient}}
view: {{column: Projection, values: {{PA: PA, AP: AP}}}}
sex: {{column: Sex, values: {{Female: F, Male: M}}}}
age: {{column: Age}}
findings: [{", ".join(NIH_FINDINGS)}]
"""
_AT_ONCE = 250_000  # rows: a large parent's memory would be counted as its child's
_MEASURED = """\
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def chunks_of(rows: int) -> Iterator[range]:
    for start in range(0, rows, _AT_ONCE):
        yield range(start, min(start + _AT_ONCE, rows))


def write_labels(path: Path, rows: int) -> None:
    """Write a label table: mostly absent, some present, uncertain and blank."""
    random, writer = np.random.default_rng(0), None
    for chunk in chunks_of(rows):
        numbers = np.arange(chunk.start, chunk.stop)
        columns = {
            "Path": [f"hospital/p{row // 4:07}/{row:08}.png" for row in chunk],
            "Patient": [f"p{row // 4:07}" for row in chunk],
            "Sex": np.where(numbers // 4 % 2, "Female", "Male"),
            "Age": random.integers(1, 95, len(chunk)),
            "Projection": random.choice(["PA", "AP"], len(chunk)),
        }
        for finding in NIH_FINDINGS:
            columns[finding] = random.choice(["0", "1", "-1", ""], len(chunk), p=(0.83, 0.05, 0.02, 0.1))
        table = pa.table(columns)
        writer = writer or csv.CSVWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def write_scores(path: Path, cohort: Path, seed: int) -> None:
    """Write a model's scores of a whole cohort, the higher where the finding is present."""
    random, writer = np.random.default_rng(seed), None
    for batch in pq.ParquetFile(cohort).iter_batches(_AT_ONCE, columns=["image", "patient", *NIH_FINDINGS]):
        columns = {name: batch.column(name) for name in ("image", "patient")}
        for finding in NIH_FINDINGS:
            labels = batch.column(finding).fill_null(0).to_numpy(zero_copy_only=False)
            logits = 1.2 * labels + random.normal(size=len(labels))
            columns[finding] = (1 / (1 + np.exp(-logits))).astype(np.float32)
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def write_empty_files(folder: Path, count: int) -> None:
    """Write empty files with the names of the label table's, all in one folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in range(count):
        os.close(os.open(folder / f"{row:08}.png", os.O_CREAT | os.O_WRONLY))


def measure(name: str, rows: int, *arguments: object, expected: int = 0) -> None:
    """Run `cxrtune ARGUMENT ...`, and print a line of the table."""
    command = [sys.executable, "-c", _MEASURED, sys.executable, "-m", "cxrtune", *map(str, arguments)]
    load, started = os.getloadavg()[0], time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode != expected:
        raise SystemExit(f"{name}: exit code {done.returncode}\n{done.stderr}")
    peak = int(done.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024)
    print(f"| {name} | {rows:,} | {seconds:.1f} | {peak / 1e9:.2f} | {load:.1f} |", flush=True)


def measure_own(place: Path, rows: int, options: argparse.Namespace) -> None:
    """Measure the commands on a made-up table of this many rows."""
    place.mkdir(parents=True)
    labels, plan, cohort = place / "labels.csv", place / "map.yaml", place / "cohort.parquet"
    write_labels(labels, rows)
    plan.write_text(MAP, encoding="utf-8")
    images = place / "images"
    images.mkdir()
    own = ("cohort", "--csv", labels, "--images", images, "--map", plan, "--out", cohort)
    measure("cohort --csv --metadata-only", rows, *own, "--metadata-only")
    if "verify" in options.commands:
        measure("verify --no-decode, no image there", rows, "verify", images, "--cohort", cohort,
                "--no-decode", expected=1)  # fmt: skip
    if options.files and options.files <= rows:
        write_empty_files(images, options.files)
        out = place / "on-disk.parquet"
        measure(f"cohort --csv, {options.files:,} files in a folder", rows, *own[:-1], out)
    if not {"evaluate", "report"} & set(options.commands):
        return
    tables = [f"{name}={place / name}.parquet" for name in MODELS]
    for seed, name in enumerate(MODELS):
        write_scores(place / f"{name}.parquet", cohort, seed)
    named = [word for table in tables for word in ("--predictions", table)]
    for split in options.splits:
        out = place / f"evaluation-{split}"
        how = ("--split", split, "--replicates", options.replicates, "--out", out)
        measure(f"evaluate --split {split}", rows, "evaluate", "--cohort", cohort, *named, *how)
        if "report" in options.commands:
            measure(f"report of {split}", rows, "report", "--evaluation", out, "--out", place / "report")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="*", default=[112_120, 5_000_000])
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=COMMANDS)
    parser.add_argument("--splits", nargs="+", default=["test", "all"])
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--files", type=int, default=0)
    options = parser.parse_args()
    print("| command | rows | seconds | peak resident memory, GB | load before |\n|---|---:|---:|---:|---:|")
    if "nih" in options.commands:
        nothing = options.out / "nothing"
        nothing.mkdir(parents=True, exist_ok=True)
        out = options.out / "nih.parquet"
        out.unlink(missing_ok=True)
        measure("cohort --data, NIH's table", 112_120, "cohort", "--data", nothing, "--metadata-only",
                "--out", out)  # fmt: skip
    for rows in options.rows:
        place = options.out / str(rows)
        shutil.rmtree(place, ignore_errors=True)
        measure_own(place, rows, options)


if __name__ == "__main__":
    main()
