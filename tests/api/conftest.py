"""A cohort of phantoms and a run on it, trained by `cxrtune.train`: once a session, interrupted once."""

import os
import signal

import pytest
from api_made import QUICK

import cxrtune as cx


def stop_after(epochs: int):
    """Return what takes the place of a training's note of an epoch, and sends Ctrl-C after so many."""
    from cxrtune.training.fit import save_state

    seen = []

    def save(*arguments, **options):
        save_state(*arguments, **options)
        seen.append(1)
        if len(seen) == epochs:
            os.kill(os.getpid(), signal.SIGINT)

    return save


@pytest.fixture(scope="session")
def api_folder(made_once):
    """Phantoms and a run on them; the run was interrupted after its first epoch, and called again."""

    def fill(folder):
        cohort = cx.Cohort.from_phantoms(folder / "phantoms", images=90, size=80)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("cxrtune.training.gate._MOST_STEPS", 10)
            patch.setattr("cxrtune.training.fit.save_state", stop_after(1))
            with pytest.raises(KeyboardInterrupt, match="the same call resumes"):
                cx.train(cohort, folder / "run", verbose=False, **QUICK)
            assert not (folder / "run/model.safetensors").exists()
            assert (folder / "run/training-state.pt").exists()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("cxrtune.training.gate._MOST_STEPS", 10)
            cx.train(cohort, folder / "run", verbose=False, **QUICK)

    return made_once("api", fill)


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
