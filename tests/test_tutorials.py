"""The notebooks of the tutorials: stored without output, and run from top to bottom."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# As a reader runs them: with every processor.
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
NOTEBOOKS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))


def code_of(path: Path) -> list[dict]:
    return [
        cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_output(path):
    assert len(NOTEBOOKS) == 3
    for cell in code_of(path):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, tmp_path):
    script = ROOT / "docs" / "generate" / "execute.py"
    subprocess.run(
        [sys.executable, str(script), str(path), "--to", str(tmp_path)], env=ENVIRONMENT, check=True
    )
    outputs = [output for cell in code_of(tmp_path / path.name) for output in cell["outputs"]]
    assert outputs
    assert all(output["output_type"] != "error" for output in outputs)
    assert "Warning:" not in json.dumps(outputs)


@pytest.mark.long
def test_the_python_of_the_readme_runs(tmp_path):
    (code,) = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), flags=re.MULTILINE | re.DOTALL
    )
    environment = {**ENVIRONMENT, "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Prediction(" in done.stdout
    assert "Warning:" not in done.stderr
