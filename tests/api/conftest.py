"""A cohort of phantoms and a run on it, made by a notebook: once a session, interrupted once."""

import nbformat
import pytest
from api_made import execute

import cxrtune as cx


@pytest.fixture(scope="session")
def api_folder(made_once):
    """Phantoms, a run on them, and the notebook that made both."""
    return made_once("api", execute)


@pytest.fixture(scope="session")
def notebook(api_folder):
    """What the cells of the notebook showed."""
    return nbformat.read(api_folder / "executed.ipynb", as_version=4)


@pytest.fixture(scope="session")
def cohort(api_folder):
    return cx.Cohort.read(api_folder / "run/cohort.parquet")


@pytest.fixture(scope="session")
def run(api_folder):
    return cx.Run(api_folder / "run")


@pytest.fixture(scope="session")
def chest(api_folder):
    """One of the phantoms."""
    return sorted((api_folder / "phantoms/images").iterdir())[3]
