"""Where the real radiographs are, and what every test may use."""

import os
from pathlib import Path

import pytest

# The command run in this process, what is made once a session, a tiny data folder, one that is packed, a disk
# that is too small.
pytest_plugins = ("command_line", "made_once", "nih_folder", "own_data", "prepared", "small_disk")

# One thread a process, in those that tests start too: on images of 64 px a second one costs more than it
# saves, and pytest-xdist has a worker on every processor. Libraries read it when they are imported, later.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# Fixtures that train or take as long, and folders whose tests serve; others mark themselves.
_SYSTEM = {"prepared", "small_run", "short_gate", "nih", "nih_1024", "serving"}
# Folders whose tests compute with floating-point numbers.
_NUMERIC = {"baselines", "engines", "evaluation", "images", "inference", "models", "phantom", "training"}
_LONGEST_FIRST = {name: place for place, name in enumerate((
    "test_real_radiographs", "test_readme", "test_web_process", "test_cli_training", "test_node_command",
    "test_fit", "test_run", "test_export", "test_engines", "test_team", "test_killed",
    "test_cli_archive_killed", "test_cli_scoring", "test_web_page", "test_docs_data",
))}  # fmt: skip

_PLACES = {"nih": "CXRTUNE_NIH", "nih_1024": "CXRTUNE_NIH_1024"}


def pytest_addoption(parser):
    for option, variable in _PLACES.items():
        parser.addoption(
            f"--{option.replace('_', '-')}",
            default=os.environ.get(variable),
            help=f"folder with real NIH radiographs; also {variable}",
        )


def pytest_collection_modifyitems(config, items):
    """Mark by what a test uses and where it stands; put first what takes longest, so that no worker waits."""
    tests = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(tests).parts[0]
        if not _SYSTEM.isdisjoint([folder, *item.fixturenames]):
            item.add_marker("system")
        if folder in _NUMERIC:
            item.add_marker("numeric")
    items.sort(key=lambda item: _LONGEST_FIRST.get(item.path.stem, len(_LONGEST_FIRST)))


def _real_radiographs(config, option) -> Path:
    place = config.getoption(option)
    if place is None:
        pytest.skip(f"needs real radiographs: --{option.replace('_', '-')} DIR or {_PLACES[option]}=DIR")
    folder = Path(place).absolute()
    # Named but missing is a failure: a test that was asked for must not pass by not running.
    assert folder.is_dir(), f"{_PLACES[option]} names {folder}, which is no folder"
    return folder


@pytest.fixture(scope="session")
def nih(pytestconfig) -> Path:
    """NIH's layout with one folder of images, pictures of 320 px."""
    return _real_radiographs(pytestconfig, "nih")


@pytest.fixture(scope="session")
def nih_1024(pytestconfig) -> Path:
    """NIH's layout with several folders of images, pictures as published."""
    return _real_radiographs(pytestconfig, "nih_1024")
