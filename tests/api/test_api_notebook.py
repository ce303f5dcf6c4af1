"""In a kernel without ipywidgets that is interrupted, and in a script whose work stands behind no guard."""

import json
import subprocess
import sys

import pytest
from api_made import LINES


def shown_by(cell, kind="text/html"):
    return "".join("".join(output.data.get(kind, "")) for output in cell.outputs if "data" in output)


@pytest.fixture(scope="module")
def trained(notebook):
    """The cell whose training was interrupted, and the same one again."""
    interrupted, resumed = [cell for cell in notebook.cells if cell.source.startswith("run = cx.train")]
    return interrupted, resumed


def told_by(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_twelve_lines_are_enough():
    assert len(LINES.splitlines()) <= 12


def test_an_interrupted_kernel_says_that_the_same_call_resumes(trained):
    (error,) = [output for output in trained[0].outputs if output.output_type == "error"]
    assert error.ename == "KeyboardInterrupt"
    assert error.evalue == "finished stages are kept; the same call resumes"
    told = told_by(trained[1])
    assert "pack: inputs and settings are unchanged" in told
    assert "resum" in told or "goes on" in told, told


def test_every_object_shows_itself_inline(notebook):
    cells = {cell.source: cell for cell in notebook.cells}
    assert "AUROC (95 % interval)" in shown_by(cells["results"])
    assert "data:image/png" in shown_by(cells["results"])
    assert "Cohort(90 images" in shown_by(cells["cohort"])
    assert "8 findings" in shown_by(cells["run"])
    predicted, explained = notebook.cells[-3:-1]
    assert "OOD score" in shown_by(predicted)
    assert "Effusion" in shown_by(explained)
    assert shown_by(cells['results.plot_roc("Effusion")'], "image/png"), "axes of pyplot are shown"


def test_progress_is_told_without_ipywidgets(notebook, trained):
    for cell in trained:
        assert any("data" in output for output in cell.outputs), "bars are HTML"
        assert "<progress" not in shown_by(cell), "they are taken away at the end"
    assert "pack: 90 of 90 images" in told_by(trained[0])
    assert "train: 2 epochs" in told_by(trained[1])
    assert not any("ipywidgets" in json.dumps(cell.outputs) for cell in notebook.cells)


def test_an_error_in_a_notebook_says_what_to_do(notebook):
    (error,) = notebook.cells[-1].outputs
    assert error.ename == "UsageError"
    assert "Write it like" in error.evalue


def test_a_script_needs_no_guard(tmp_path, api_folder):
    """Processes do not begin the script anew."""
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from cxrtune.images.reading import reader\n"
        "from cxrtune.images.workers import Workers\n"
        "from cxrtune.recipe import PreprocessSpec\n"
        "print('begins')\n"
        f"files = sorted(Path({str(api_folder / 'phantoms/images')!r}).iterdir())[:4]\n"
        "with Workers(reader(PreprocessSpec(), whole=False), 2) as workers:\n"
        "    found = list(workers.read(files, 4))\n"
        "print(len(found), type(found[0]).__name__)\n"
    )
    seen = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert seen.stdout.splitlines() == ["begins", "4 Reading"], seen.stderr
