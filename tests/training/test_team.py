"""Several processes that train together, against one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxrtune.training.team import is_helper

SMALL = (
    "--weights", "random", "--set", "preprocess.size=64", "--set", "training.epochs=3",
    "--set", "training.batch_size=16", "--views", "2",
)  # fmt: skip


def told_by(command, environment):
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


@pytest.fixture(scope="module")
def environment():
    """One thread a process, and none of torchrun's or Slurm's variables."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "TORCHELASTIC"))}
    return kept | {"OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def run(prepared, environment):
    def start(out, *more, launcher=("-m", "cxrtune"), recipe=SMALL):
        command = [sys.executable, *launcher, "train", *prepared.arguments, "--out", str(out), *recipe, *more]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=300, check=False
        )

    return start


@pytest.fixture(scope="module")
def alone(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("alone") / "run"
    done = run(out)
    assert done.returncode == 0, done
    return out


def check(ours, alone):
    """Same bank, same losses."""
    for view in (0, 1):
        first, second = (np.load(out / "bank" / f"view-{view}.npy").astype(float) for out in (ours, alone))
        np.testing.assert_allclose(first, second, atol=1e-2, rtol=2e-3)
    first, second = (pd.read_csv(out / "metrics.csv") for out in (ours, alone))
    np.testing.assert_allclose(first["val_loss"], second["val_loss"], atol=1e-3)
    np.testing.assert_allclose(first["train_loss"], second["train_loss"], atol=1e-3)
    np.testing.assert_allclose(first["learning_rate"], second["learning_rate"])


def test_two_processes_train_like_one(run, alone, tmp_path):
    done = run(tmp_path / "run", "--devices", "2")
    assert done.returncode == 0, done
    assert "train: 2 processes share every batch" in done.stdout
    assert done.stdout.count("epochs, best is") == 1, "only the first process tells"
    assert "Initializing distributed" not in done.stderr
    check(tmp_path / "run", alone)


@pytest.mark.long
def test_torchrun_starts_them_as_well(run, alone, tmp_path):
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "cxrtune")
    done = run(tmp_path / "run", launcher=launcher)
    assert done.returncode == 0, done
    check(tmp_path / "run", alone)


@pytest.mark.long
def test_a_batch_that_leaves_a_process_with_nothing_is_shared_too(run, tmp_path):
    one = [part if part != "training.batch_size=16" else "training.batch_size=2" for part in SMALL]
    for name, more in (("alone", ()), ("two", ("--devices", "2"))):
        slow = ("--set", "training.epochs=1", "--set", "training.learning_rate=1e-5")
        done = run(tmp_path / name, *more, *slow, recipe=one)
        assert done.returncode == 0, done
    first, second = (pd.read_csv(tmp_path / name / "metrics.csv") for name in ("alone", "two"))
    np.testing.assert_allclose(first["val_loss"], second["val_loss"], atol=1e-2)


@pytest.mark.long
def test_the_whole_experiment_runs_every_other_stage_once(prepared, environment, tmp_path):
    place = ["--data", str(prepared.data), "--out", str(tmp_path / "run"), "--devices", "2"]
    recipe = [*SMALL, "--set", "baselines=[linear-probe]"]
    command = [sys.executable, "-m", "cxrtune", "run", *place, *recipe]
    done = told_by(command, environment)
    assert done.returncode == 0, done
    for stage in ("cohort: ", "pack: ", "predict: ", "linear-probe: ", "evaluate: ", "report: "):
        assert stage in done.stdout
    assert done.stdout.count("predict: ") == 1
    assert done.stdout.count("The report: ") == 1


@pytest.mark.long
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes through /proc")
def test_a_process_that_is_killed_ends_the_training_with_a_reason_and_it_can_be_resumed(
    prepared, environment, run, tmp_path
):
    out = tmp_path / "run"
    recipe = [*SMALL, "--set", "training.epochs=400", "--set", "training.early_stopping=0"]
    command = [sys.executable, "-m", "cxrtune", "train", *prepared.arguments, "--out", str(out), *recipe]
    command += ["--devices", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        deadline = time.monotonic() + 120
        while not (out / "training-state.pt").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        _, told = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "error: another process of this training has ended" in told or "stopped; finished stages" in told
    assert "Traceback" not in told
    done = run(out, "--set", "training.early_stopping=0", "--set", "training.epochs=400", "--no-resume",
               "--set", "training.epochs=1")  # fmt: skip
    assert done.returncode == 0, done


@pytest.mark.parametrize(
    ("variables", "helper"),
    [
        ({}, False),
        ({"RANK": "0", "LOCAL_RANK": "0"}, False),
        ({"RANK": "3", "LOCAL_RANK": "0"}, True),
        ({"LOCAL_RANK": "1"}, True),
        ({"NODE_RANK": "1"}, True),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "4"}, True),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, False),
    ],
)
def test_helpers_know_themselves(variables, helper):
    assert is_helper(variables) is helper
