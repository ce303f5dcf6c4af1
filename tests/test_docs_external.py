"""docs/external.md: every block of commands, run as it stands in a folder of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

TEXT = (Path(__file__).parent.parent / "docs" / "external.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The folder in which the page was followed, and what was said block by block."""
    folder = tmp_path_factory.mktemp("external")
    (folder / ".venv").symlink_to(sys.prefix)
    said = []
    for kind, block in re.findall(r"^```(sh|python)\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL):
        command = ["bash", "-euc", block] if kind == "sh" else [sys.executable, "-c", block]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        said.append((done.stdout, done.stderr))
    return folder / "runs" / "external", said


def results_in(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text())


@pytest.mark.long
def test_each_way_gives_the_same_areas(followed):
    folder, said = followed
    assert len(said) == 6
    table = pd.read_csv(folder / "table.csv")
    for place, finding in (("one-finding", "Effusion"), ("both", "Effusion"), ("both", "Pneumothorax")):
        for model in results_in(folder / place / "evaluation")["models"]:
            # Both count pairs: what differs is the order of sums.
            expected = roc_auc_score(table[finding], table[f"{finding}_{model['name']}"])
            assert model["findings"][finding]["auroc"] == pytest.approx(expected, abs=1e-12)
    for finding, found in results_in(folder / "evaluation")["models"][0]["findings"].items():
        expected = roc_auc_score(table[finding], table[f"{finding}_a"])
        assert found["auroc"] == pytest.approx(expected, abs=1e-12)
    printed, _ = said[-1]
    assert float(printed) == pytest.approx(roc_auc_score(table["Effusion"], table["Effusion_a"]), abs=1e-12)


@pytest.mark.long
def test_what_it_says_is_told_is_told(followed):
    _, said = followed
    (_, without), (out, _) = said[1], said[2]
    assert "a makes no calls and is not calibrated" in without
    assert "The report: runs/external/both/report/index.html" in out
    assert "no thresholds and no calibration can be chosen on it" in said[3][1]
    assert "columns are read as 'FINDING_a'" in said[4][1]
    assert "column 'Path' is taken for the images' names" in said[4][1]


@pytest.mark.long
def test_the_vendors_thresholds_make_the_calls(followed):
    folder, _ = followed
    table = pd.read_csv(folder / "table.csv")
    (model,) = results_in(folder / "evaluation")["models"]
    assert model["threshold_rule"] == "given by the user (thresholds.csv)"
    assert model["chosen"]["thresholds"] == "user"
    for finding, threshold in (("Effusion", 0.55), ("Pneumothorax", 0.6)):
        called = table[f"{finding}_a"] >= threshold
        assert model["findings"][finding]["called"] == called.sum()
        assert model["findings"][finding]["recall"] == called[table[finding] == 1].mean()


def test_every_option_of_the_table_is_an_option():
    from typer.main import get_command

    from cxrtune.cli.main import app

    known = {name for one in get_command(app).commands["stats"].params for name in one.opts}
    rows = re.findall(r"^\| (`--[^|]*) \|", TEXT, flags=re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"--[a-z-]+", row)} <= known
