"""Cohort and pack of ninety small phantoms, ready to be trained on."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Prepared:
    """Where they are."""

    data: Path
    cohort: Path
    pack: Path

    @property
    def arguments(self) -> tuple[str, ...]:
        """What `cxrtune train` is told."""
        return ("--cohort", str(self.cohort), "--pack", str(self.pack))


@pytest.fixture(scope="session")
def prepared(quietly, tmp_path_factory):
    """Ninety phantoms of eight findings, packed at 64 px."""
    folder = tmp_path_factory.mktemp("prepared")
    place = Prepared(folder / "data", folder / "cohort.parquet", folder / "pack")
    quietly("phantom", "--out", place.data, "--images", 90, "--size", 80, "--workers", 2)
    quietly("cohort", "--data", place.data, "--out", place.cohort)
    size = ("--set", "preprocess.size=64")
    quietly("pack", "--cohort", place.cohort, "--data", place.data, "--out", place.pack, *size)
    return place


@pytest.fixture(scope="session")
def small_run(quietly, prepared, tmp_path_factory):
    """A run folder with a model of 64 px, trained on them for two epochs, its cohort and pack inside."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    shutil.copytree(prepared.pack, folder / "pack")
    for name in ("cohort.parquet", "cohort.provenance.json"):
        shutil.copyfile(prepared.cohort.with_name(name), folder / name)
    few = ("--set", "preprocess.size=64", "--set", "training.epochs=2", "--views", 2)
    quietly("train", *prepared.arguments, "--out", folder, "--weights", "random", *few)
    return folder
