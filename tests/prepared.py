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
def prepared(quietly, made_once):
    """Ninety phantoms of eight findings, packed at 64 px."""

    def fill(folder):
        data, cohort, pack = folder / "data", folder / "cohort.parquet", folder / "pack"
        quietly("phantom", "--out", data, "--images", 90, "--size", 80, "--workers", 1)
        quietly("cohort", "--data", data, "--out", cohort)
        size = ("--set", "preprocess.size=64", "--workers", 1)
        quietly("pack", "--cohort", cohort, "--data", data, "--out", pack, *size)

    folder = made_once("prepared", fill)
    return Prepared(folder / "data", folder / "cohort.parquet", folder / "pack")


@pytest.fixture(scope="module")
def short_gate():
    """Let the OOD checks of a module's trainings learn for ten steps.

    With a hundred they are half of a small training. What a gate learns is tested on its own, and on
    `small_run`.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cxrtune.training.gate._MOST_STEPS", 10)
        yield


@pytest.fixture(scope="session")
def small_run(quietly, prepared, made_once):
    """A run folder with a model of 64 px, trained on them for two epochs, its cohort and pack inside."""

    def fill(folder):
        from cxrtune.training.gate import step_count

        assert step_count(1) > 10, "its gate is a whole one"
        shutil.copytree(prepared.pack, folder / "pack")
        for name in ("cohort.parquet", "cohort.provenance.json"):
            shutil.copyfile(prepared.cohort.with_name(name), folder / name)
        few = ("--set", "preprocess.size=64", "--set", "training.epochs=2", "--views", 2)
        quietly("train", *prepared.arguments, "--out", folder, "--weights", "random", *few)

    return made_once("small-run", fill)
