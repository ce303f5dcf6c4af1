"""The lines that README and tutorials show, and the notebook that executes them."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

# From an empty notebook to two compared models: at most 12 lines.
LINES = """\
import cxrtune as cx
cohort = cx.Cohort.from_phantoms("phantoms", images=90, size=80)
small = {"preprocess": {"size": 64}, "head": {"pooling": "average"}, "training": {"epochs": 2}}
run = cx.train(cohort, out="run", recipe="quick", weights="random", baselines=["linear-probe"], **small)
results = cx.evaluate(cohort, {"ours": run.predictions, "probe": run.baselines["linear-probe"]})
results.plot_roc("Effusion")
results
"""
QUICK = {
    "recipe": "quick",
    "weights": "random",
    "baselines": ["linear-probe"],
    "preprocess": {"size": 64},
    "head": {"pooling": "average"},
    "training": {"epochs": 2},
}
"""What they train with."""

# No ipywidgets; a short OOD check; and somebody who interrupts the kernel after the first epoch, once.
BEFORE = """\
import os, signal, sys
sys.modules["ipywidgets"] = None
import cxrtune.training.gate, cxrtune.training.fit as fit
cxrtune.training.gate._MOST_STEPS = 10
def save_state(*arguments, save=fit.save_state, **options):
    save(*arguments, **options)
    fit.save_state = save
    os.kill(os.getpid(), signal.SIGINT)
fit.save_state = save_state
"""
LOOKS = (
    "cohort",
    "run",
    "run.predict(sorted(cohort.images.rglob('*.png'))[0])",
    "run.explain(sorted(cohort.images.rglob('*.png'))[0], finding='Effusion')",
)
WRONG = ("cx.evaluate(cohort, {'ours': 3})",)


def execute(folder: Path) -> None:
    """Execute the lines in a kernel, a cell each, and keep the notebook with what it showed."""
    lines = LINES.splitlines()
    train = next(line for line in lines if line.startswith("run = cx.train"))
    at = lines.index(train)
    cells = [BEFORE, *lines[:at], train, *lines[at:], *LOOKS, *WRONG]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    for cell in (notebook.cells[1 + at], notebook.cells[-1]):
        cell.metadata["tags"] = ["raises-exception"]
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
    nbformat.write(notebook, folder / "executed.ipynb")
