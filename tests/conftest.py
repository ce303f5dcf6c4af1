"""Where the real radiographs are, and what every test may use."""

import os
from pathlib import Path

import pytest
import torch

# The command run in this process, a tiny data folder, one that is packed, a disk that is too small.
pytest_plugins = ("command_line", "nih_folder", "own_data", "prepared", "small_disk")

_PLACES = {"nih": "CXRTUNE_NIH", "nih_1024": "CXRTUNE_NIH_1024"}


def pytest_addoption(parser):
    for option, variable in _PLACES.items():
        parser.addoption(
            f"--{option.replace('_', '-')}",
            default=os.environ.get(variable),
            help=f"folder with real NIH radiographs; also {variable}",
        )


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


@pytest.fixture(scope="session", autouse=True)
def _one_thread_for_small_networks():
    """Keep torch to one thread: on pictures of 64 px a second one costs more than it saves."""
    torch.set_num_threads(1)
