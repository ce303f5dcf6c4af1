"""Every command of the README and of "Get started", in a clone of this tree, as a newcomer types them."""

import json
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/get-started.md")
PLACEHOLDER = "path/to/nih"

pytestmark = pytest.mark.long


def commands(text: str) -> list[str]:
    """Return the lines of all `sh` blocks; a line that ends in a backslash goes on."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


@dataclass(frozen=True)
class Clone:
    """A clone in which the README's commands have run."""

    folder: Path
    outputs: dict[str, str]

    def results(self, run: str) -> dict:
        return json.loads((self.folder / "runs" / run / "report" / "results.json").read_text())


@pytest.fixture(scope="module")
def clone(tmp_path_factory, nih_1024):
    folder = tmp_path_factory.mktemp("clone") / "cxrtune"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    # What is being worked on is what is tested: changed and new files go on top of the last commit.
    for name in subprocess.run(
        ["git", "ls-files", "--modified", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines():  # fmt: skip
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / ".venv").symlink_to(ROOT / ".venv")
    # Older than the environment, which is then current: make has nothing to install.
    os.utime(folder / "pyproject.toml", (0, 0))
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    outputs = {}
    pages = ((ROOT / name).read_text() for name in PAGES)
    # The demo stands on both pages, and runs once.
    for command in dict.fromkeys(command for page in pages for command in commands(page)):
        if command.startswith("make test"):
            continue  # that is what is running
        typed = command.replace(PLACEHOLDER, shlex.quote(str(nih_1024)))
        done = subprocess.run(
            ["bash", "-ec", typed], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        outputs[command] = done.stdout + done.stderr
    return Clone(folder, outputs)


def test_no_command_shows_a_traceback_or_a_stray_warning(clone):
    for command, output in clone.outputs.items():
        assert "Traceback" not in output, command
        assert "Warning:" not in output, command


def test_the_demo_learns_more_than_the_probe_and_as_much_as_it_promises(clone):
    models = {model["name"]: model for model in clone.results("demo")["models"]}
    assert models["fine-tuned"]["macro_auroc"] >= 0.85
    assert models["fine-tuned"]["macro_auroc"] > models["linear-probe"]["macro_auroc"]
    assert models["fine-tuned"]["macro_auroc_over"] == 8


def test_the_demos_model_looks_where_the_lesions_are(clone):
    (localization,) = clone.results("demo")["localizations"]
    macro = localization["macro"]
    for control in ("random", "lung"):
        assert macro["values"]["pointing"] > 1.5 * macro["controls"][control]["pointing"]
        difference = macro["differences"][control]["pointing"]
        assert difference["interval"]["low"] > 0


def test_the_demo_ends_with_the_table_and_the_path_of_the_report(clone):
    output = clone.outputs["make demo"]
    assert "macro average" in output
    assert output.split("The report: ")[1].startswith("runs/demo/report/index.html")
    assert "the trunk gets random weights instead" in output


def test_the_main_job_counts_what_is_and_is_not_there(clone):
    results = clone.results("nih")
    assert sum(part["images"] for part in results["cohort"]) == 110
    output = next(out for command, out in clone.outputs.items() if "cxrtune run" in command)
    assert "112,010 not on disk and left out" in output
    assert "not compared with xrv:densenet121-res224-nih" in output


@pytest.mark.parametrize("page", PAGES)
def test_the_page_shows_images_that_exist(page):
    for image in re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / page).read_text()):
        assert ((ROOT / page).parent / image).is_file(), image
