"""Where the real radiographs are, and what every test may use."""

import os
from pathlib import Path

import pytest

# The command run in this process, what is made once a session, a tiny data folder, one that is packed, a disk
# that is too small.
pytest_plugins = ("command_line", "made_once", "nih_folder", "own_data", "prepared", "small_disk")

if os.name != "posix":
    # About signals and limits that only POSIX has; they ask for them when they are imported.
    collect_ignore = [
        "download/test_download_killed.py", "images/test_images_fuzz.py", "serving/web/test_web_process.py",
    ]  # fmt: skip

# One thread a process, in those that tests start too: on images of 64 px a second one costs more than it
# saves, and pytest-xdist has a worker on every processor. Libraries read it when they are imported, later.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# What a test is, told by where it stands and what it asks for: nobody has to remember to say it.
_SYSTEM_FOLDERS = frozenset(
    {"baselines", "cli", "download", "engines", "experiment", "packs", "scoring", "serving", "training"}
)
_SYSTEM_FIXTURES = frozenset(
    {"api_folder", "prepared", "small_run", "small_disk", "short_gate", "nih", "nih_1024"}
)
_NUMERIC = (
    *("evaluation/", "models/", "engines/test_engines", "images/test_images_preprocess"),
    *("images/dicom/test_dicom_grey", "phantom/test_phantom_radiograph", "scoring/test_heatmap"),
    *("engines/test_torch_engine", "training/test_loss", "training/test_fit", "training/test_augmentation"),
    "baselines/test_probe",
)
_ALONE = ("test_real_radiographs", "test_readme", "test_docs_data", "test_tutorials")
_LONGEST_FIRST = (
    *("test_real_radiographs", "test_readme", "test_web_process", "test_cli_training", "test_node_command"),
    *("test_api_notebook", "test_fit", "test_run", "test_export", "test_engines", "test_team", "test_killed"),
    *("test_cli_archive_killed", "test_cli_scoring", "test_web_page", "test_docs_data"),
)


_PLACES = {"nih": "CXRTUNE_NIH", "nih_1024": "CXRTUNE_NIH_1024"}


def pytest_addoption(parser):
    for option, variable in _PLACES.items():
        parser.addoption(
            f"--{option.replace('_', '-')}",
            default=os.environ.get(variable),
            help=f"folder with real NIH radiographs; also {variable}",
        )


def pytest_collection_modifyitems(items):
    """Mark what starts a system and what computes; put first what takes longest, so that no worker waits."""
    order = {name: place for place, name in enumerate(_LONGEST_FIRST)}
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        if place.partition("/")[0] in _SYSTEM_FOLDERS or _SYSTEM_FIXTURES & set(item.fixturenames):
            item.add_marker("system")
        if item.path.stem in _ALONE:
            item.add_marker("alone")
        if place.startswith(_NUMERIC):
            item.add_marker("numeric")
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


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
    """NIH's layout with one folder of images, images of 320 px."""
    return _real_radiographs(pytestconfig, "nih")


@pytest.fixture(scope="session")
def nih_1024(pytestconfig) -> Path:
    """NIH's layout with several folders of images, images as published."""
    return _real_radiographs(pytestconfig, "nih_1024")
