"""Tables of a million rows within memory: the commands in processes of their own, run by the benchmark."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "tables.py"
ROWS = 1_000_000
# Bytes a row, and what the program takes by itself; measured at five million rows.
LARGEST = {"cohort": 1_000, "verify": 1_200, "evaluate": 2_500, "report": 500}
ITSELF = 1.5e9


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """The benchmark's lines: what ran, rows, seconds, gigabytes, load."""
    out = tmp_path_factory.mktemp("tables")
    choice = ("--rows", ROWS, "--splits", "test", "--replicates", 100, "--files", ROWS)
    command = [sys.executable, PROGRAM, "--out", out, *choice]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]


@pytest.mark.nightly
def test_a_million_rows_and_a_million_files_in_a_folder_fit_into_memory(lines):
    assert len(lines) == 6
    for name, rows, _, gigabytes, _ in lines:
        limit = ITSELF + LARGEST[name.split()[0]] * int(rows.replace(",", ""))
        assert float(gigabytes) * 1e9 < limit, name
