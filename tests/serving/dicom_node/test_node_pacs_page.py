"""docs/pacs.md as somebody types it, in an empty folder, with the small model in the place of the demo's."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from node_world import free_port, require

PAGE = Path(__file__).parents[3] / "docs" / "pacs.md"


@pytest.mark.long
def test_the_page_leads_from_nothing_to_a_report(model, tmp_path):
    require("Orthanc", "storescu", "echoscu", "dsrdump", "dciodvfy", "curl")
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL))
    for port in ("4242", "8042", "11112"):
        assert port in script
        script = script.replace(port, str(free_port()))
    folder = tmp_path / "somewhere"
    (folder / "runs").mkdir(parents=True)
    shutil.copytree(model, folder / "runs" / "demo")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Job numbers as on a terminal; whatever is left running at the end is ended.
    whole = f"set -em\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{script}"
    done = subprocess.run(
        ["bash", "-c", whole], cwd=folder, env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said + (folder / "node.log").read_text()
    assert "Comprehensive SR Document" in said
    assert "dciodvfy finds no error" in said
    assert said.count("done                           1") == 2
    assert "Traceback" not in said + (folder / "node.log").read_text()


def test_the_page_names_files_that_exist():
    text = PAGE.read_text()
    for name in re.findall(r"`((?:tests|benchmarks|serving)/[\w/.]+)`", text):
        root = PAGE.parents[1] / ("src/cxrtune" if name.startswith("serving") else "")
        assert (root / name).is_file(), name
