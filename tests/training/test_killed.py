"""SIGKILL at random moments: the same command again ends with the very bytes of a run that was left alone."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

KILLS = 6
RECIPE = (
    "--weights", "random", "--set", "preprocess.size=64", "--set", "training.epochs=10",
    "--set", "training.batch_size=8", "--set", "training.ema=0.9", "--set", "training.early_stopping=0",
    "--set", "bank.views=3", "--set", "bank.refresh=3",
    "--set", "unfreeze.part=denseblock3", "--set", "unfreeze.epochs=3",
)  # fmt: skip


def start(prepared, out, *more):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "cxrtune",
        "train",
        *prepared.arguments,
        "--out",
        str(out),
        *RECIPE,
        *more,
        "--quiet",
    ]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


def finish(process):
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0, told


def metrics(out):
    """The table without its last column, the seconds."""
    return [line.rsplit(",", 1)[0] for line in (out / "metrics.csv").read_text().splitlines()]


@pytest.mark.parametrize(
    "engine",
    [pytest.param("torch", marks=pytest.mark.nightly), pytest.param("openvino", marks=pytest.mark.long)],
)
def test_killed_at_random_moments_it_ends_with_the_same_bytes(prepared, tmp_path, engine):
    engine_option = ("--engine", engine)
    whole = tmp_path / "whole"
    process = start(prepared, whole, *engine_option)
    while not (whole / "bank").exists():
        time.sleep(0.05)
        assert process.poll() is None
    begun = time.monotonic()
    finish(process)
    duration = time.monotonic() - begun
    seed = random.SystemRandom().randrange(10**6)
    moments = random.Random(seed)

    out = tmp_path / "killed"
    killed = 0
    for _ in range(4 * KILLS):
        if killed == KILLS:
            break
        process = start(prepared, out, *engine_option)
        # Not in the imports, where there is nothing to lose: from the first sign of work on.
        before = snapshot(out)
        while process.poll() is None and snapshot(out) == before:
            time.sleep(0.02)
        time.sleep(moments.uniform(0, duration / 3))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
            process.communicate()
            continue
        finish(process)
        shutil.rmtree(out)  # it was over before it could be killed: another one
    assert killed == KILLS, f"seed {seed}"
    finish(start(prepared, out, *engine_option))
    assert (out / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert metrics(out) == metrics(whole), f"seed {seed}"
    assert not (out / "training-state.pt").exists()
    assert not list(out.rglob(".*")), "something half-written was left"


def snapshot(out):
    """Names, sizes and times of everything in a folder."""
    found = {}
    for folder, _, names in os.walk(out):
        for name in names:
            with suppress(FileNotFoundError):
                status = Path(folder, name).stat()
                found[name] = (status.st_size, status.st_mtime_ns)
    return found
