"""The tutorial on one's own data: every block of commands, run as it stands in a folder of its own."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from cxrtune.cohort.own.cohort_map import CohortMap, load_map, shipped_maps

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory):
    """The folder in which the tutorial was followed, and what was printed block by block."""
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    printed = []
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL):
        done = subprocess.run(
            ["bash", "-euc", block], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        printed.append(done.stdout)
    return folder / "runs" / "tutorial", printed


@pytest.mark.long
def test_a_newcomer_comes_to_a_report_and_to_scores(tutorial):
    folder, printed = tutorial
    assert len(printed) == 7
    assert "300 images in the table: 300 kept" in printed[3]
    table = pd.read_csv(folder / "hospital" / "Data_Entry_2017_v2020.csv")
    cohort = pd.read_parquet(folder / "cohort.parquet")
    wanted = table["Finding Labels"].str.split("|").map(lambda labels: bool({"Nodule", "Mass"} & set(labels)))
    assert list(cohort["Nodule_or_Mass"].astype(bool)) == list(wanted)
    results = json.loads((folder / "run" / "report" / "results.json").read_text())
    assert results["findings"] == ["Pleural_Effusion", "Nodule_or_Mass", "Atelectasis", "Pneumothorax"]
    page = (folder / "run" / "report" / "index.html").read_text()
    # Phantoms stay phantoms, whatever a map calls them.
    assert results["synthetic"] is True
    assert "The labels are what the program drew" in page
    assert "Our hospital" not in page.split('id="limits"')[1].split("</section>")[0]
    scores = pd.read_csv(folder / "scores.csv")
    assert len(scores) == 300
    assert scores[results["findings"]].notna().all(axis=None)


def test_every_key_of_a_map_and_every_shipped_map_is_explained():
    rows = re.findall(r"^\| (`[^|]*) \|", TEXT, flags=re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([a-z-_]+)`", row)}
    assert named == set(CohortMap.model_fields) | set(shipped_maps())
    patterns = re.findall(r"(\d+) findings, more can be added", TEXT)
    assert patterns == [str(len(load_map("padchest").names))]


def test_the_map_and_the_python_in_it_are_sound():
    (text,) = re.findall(r"<<'YAML'\n(.*?)YAML\n", TEXT, flags=re.DOTALL)
    assert set(yaml.safe_load(text)) <= set(CohortMap.model_fields)
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    ast.parse(code)
