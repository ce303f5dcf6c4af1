"""What a Ray worker hands back when it cannot score a shard; test_cli_archive_killed.py has the cluster."""

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from archives_made import contents, parts
from cxrtune.errors import CxrtuneError, OutputError, StaleInputError
from cxrtune.scoring.on_ray import ShardWorker, as_text, from_text
from cxrtune.scoring.score import ScoreOptions


@pytest.fixture
def out(cxrtune, small_run, prepared, tmp_path):
    """A folder of three shards, one of them missing."""
    images = prepared.data / "images"
    command = ("predict", small_run, images, "--engine", "torch", "--shard-size", 40)
    assert cxrtune(*command, "--out", tmp_path / "out").code == 0
    parts(tmp_path / "out")[1].unlink()
    return tmp_path / "out"


def handed_back(out, model, shard=1):
    answer = ShardWorker(out, model, ScoreOptions("torch"), 1)({"shard": np.array([shard])})
    assert answer["shard"].tolist() == [shard]
    return from_text(answer["error"][0]) if answer["error"][0] else None


def test_a_shard_is_scored_and_one_that_is_there_is_left_alone(out, small_run):
    times = [part.stat().st_mtime_ns for part in parts(out)]
    assert handed_back(out, small_run) is None
    assert handed_back(out, small_run, shard=0) is None
    assert len(contents(out)) == 3
    assert [part.stat().st_mtime_ns for part in (parts(out)[0], parts(out)[2])] == times
    assert not list(out.glob("*.attempts"))


def test_a_shard_that_four_workers_died_of_is_given_up(out, small_run):
    (out / "part-00001.attempts").write_bytes(b"....")
    error = handed_back(out, small_run)
    assert type(error) is CxrtuneError
    assert "4 workers died while they scored this shard" in error.message
    assert error.path == out / "part-00001.parquet"
    assert "`cpus_per_worker=4`" in error.remedy


def test_another_model_at_the_same_path_is_refused(out, small_run, tmp_path):
    with safe_open(small_run / "model.safetensors", "pt") as stored:
        metadata = stored.metadata()
    weights = {name: weight + 1 for name, weight in load_file(small_run / "model.safetensors").items()}
    save_file(weights, tmp_path / "model.safetensors", metadata)
    error = handed_back(out, tmp_path / "model.safetensors")
    assert type(error) is StaleInputError
    assert "the model on a worker is not the one that was planned for" in error.message
    assert len(parts(out)) == 2


def test_a_full_disk_is_handed_back_as_what_it_is(out, small_run, small_disk):
    place = small_disk.path / "out"
    place.mkdir()
    (place / "plan.parquet").write_bytes((out / "plan.parquet").read_bytes())
    small_disk.fill()
    error = handed_back(place, small_run)
    assert type(error) is OutputError
    assert "the disk is full" in error.message


@pytest.mark.parametrize("error", [RecursionError("deep\nand more"), ZeroDivisionError()])
def test_an_error_that_is_none_of_ours_is_told_by_its_first_line(error):
    told = from_text(as_text(error))
    assert type(told) is CxrtuneError
    assert told.message.startswith(f"a worker failed with {type(error).__name__}: ")
    assert "and more" not in told.message
