"""The benchmark's promise: whatever is pulled out on the way, each result is in the archive once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from node_world import require

PROGRAM = Path(__file__).parents[3] / "benchmarks" / "dicom_node.py"


def soaked(folder, instances, kills, stops) -> dict:
    require("Orthanc", "storescu")
    done = subprocess.run(
        [
            *(sys.executable, str(PROGRAM), "--out", str(folder / "soak"), "--instances", str(instances)),
            *("--kills", str(kills), "--stops", str(stops)),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.long
def test_forty_instances_two_kills_and_one_stop(tmp_path):
    found = soaked(tmp_path, 40, 2, 1)
    assert (found["reports"], found["captures"]) == (40, 80)
    assert found["missing"] == found["double"] == found["aside"] == 0


@pytest.mark.nightly
def test_five_hundred_instances_five_kills_and_two_stops(tmp_path):
    found = soaked(tmp_path, 500, 5, 2)
    assert (found["reports"], found["captures"]) == (500, 1000)
    assert found["missing"] == found["double"] == found["aside"] == 0
    assert found["sent_more_than_once"] > 0
