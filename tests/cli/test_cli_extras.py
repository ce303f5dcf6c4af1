"""Commands whose packages `pip install cxrtune` leaves out say which, and how to install them."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
for name in sys.argv.pop(1).split(","):
    sys.modules[name] = None  # as if it was not installed
from cxrtune.cli.main import main
main()
"""
NODE = ("pynetdicom,pydicom,highdicom,dicomweb_client", "dicom")


def without(packages: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, packages, *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("packages", "extra", "arguments"),
    [
        ("uvicorn", "serve", ("serve", "MODEL")),
        (*NODE, ("dicom-node", "run", "MODEL", "--results-to", "A@h:1")),
        (*NODE, ("dicom-node", "fetch", "MODEL", "http://h", "--study", "1.2", "--results-to", "A@h:1")),
    ],
    ids=("serve", "run", "fetch"),
)
def test_a_missing_extra_is_named(packages, extra, arguments):
    done = without(packages, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    said = done.stderr.splitlines()
    assert len(said) == 2
    assert any(f"needs the package {name}, which is not installed" in said[0] for name in packages.split(","))
    assert said[1] == f"Install it with: pip install 'cxrtune[{extra}]'"


@pytest.mark.parametrize("command", ["status", "retry"])
def test_a_queue_is_looked_at_without_the_extra(tmp_path, command):
    done = without(NODE[0], "dicom-node", command, "--queue", tmp_path / "none.sqlite")
    assert done.returncode == 2
    assert "there is no such queue" in done.stderr
