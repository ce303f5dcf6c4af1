"""`cxrtune train` with its own options, through the command line, on a few small phantoms."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from command_line import files_below
from cxrtune.experiment import baselines
from cxrtune.experiment.baselines import predict_probe
from cxrtune.packs.dataset import Dataset
from cxrtune.progress import SilentReporter
from cxrtune.recipe import validate_recipe
from cxrtune.recipe_file import shipped_recipes

pytestmark = pytest.mark.usefixtures("short_gate")

SMALL = (
    "--weights", "random", "--set", "preprocess.size=64", "--set", "training.epochs=2",
    "--set", "training.batch_size=16", "--quiet",
)  # fmt: skip


@pytest.fixture
def train(cxrtune, prepared):
    def run(out, *more):
        return cxrtune("train", *prepared.arguments, "--out", out, *SMALL, *more)

    return run


@pytest.fixture(scope="module")
def trained(quietly, prepared, short_gate, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "small"
    quietly("train", *prepared.arguments, "--out", out, *SMALL, "--views", 2)
    return out


def copied(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "copy")


def loud(arguments):
    return [argument for argument in arguments if argument != "--quiet"]


def test_a_finished_run_leaves_no_state_behind(trained):
    assert files_below(trained) == {
        "bank/bank.json", "bank/provenance.json", "bank/view-0.npy", "bank/view-1.npy",
        "metrics.csv", "model.provenance.json", "model.safetensors",
    }  # fmt: skip


@pytest.mark.parametrize("recipe", shipped_recipes())
def test_every_shipped_recipe_trains(cxrtune, prepared, tmp_path, recipe):
    out = tmp_path / "run"
    few = ("--set", "training.epochs=1", "--set", "unfreeze.epochs=1", "--recipe", recipe)
    seen = cxrtune("train", *prepared.arguments, "--out", out, *SMALL, *few)
    assert seen.code == 0, seen
    stages = list(pd.read_csv(out / "metrics.csv")["stage"])
    assert stages == (["tail", "all"] if recipe == "strong" else ["tail"])


def test_views_are_added_to_the_bank_that_is_there(trained, prepared, cxrtune, tmp_path):
    out = copied(trained, tmp_path)
    before = (out / "bank" / "view-1.npy").stat().st_mtime_ns
    seen = cxrtune("train", *prepared.arguments, "--out", out, *loud(SMALL), "--views", 4)
    assert seen.code == 0, seen
    assert "(4 of each training image)" in seen.out
    assert "MB of it are there already" in seen.out
    assert (out / "bank" / "view-1.npy").stat().st_mtime_ns == before
    assert (out / "bank" / "view-3.npy").is_file()


@pytest.mark.parametrize(
    "change", ["augmentation.rotation=20", "seed=3", "bank.precision=bfloat16", "preprocess.mean=[0, 0, 0]"]
)
def test_a_bank_of_another_making_is_replaced_and_never_read(trained, prepared, cxrtune, tmp_path, change):
    if change == "bank.precision=bfloat16":
        openvino = pytest.importorskip("openvino")
        if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            pytest.skip("this CPU has no bfloat16")
    out = copied(trained, tmp_path)
    before = np.load(out / "bank" / "view-1.npy")
    where = list(prepared.arguments)
    if change.startswith("preprocess"):
        where[3] = tmp_path / "pack"
        data = prepared.data
        size = ("--set", "preprocess.size=64", "--set", change)
        assert (
            cxrtune("pack", "--cohort", prepared.cohort, "--data", data, "--out", where[3], *size).code == 0
        )
    seen = cxrtune("train", *where, "--out", out, *loud(SMALL), "--views", 2, "--set", change)
    assert seen.code == 0, seen
    assert "bank: the one that is there was made from something else and is replaced" in seen.out
    assert not np.array_equal(np.load(out / "bank" / "view-1.npy"), before)


def test_without_a_bank_none_is_written_and_the_linear_probe_still_works(
    cxrtune, prepared, trained, tmp_path, train
):
    out = tmp_path / "run"
    data = prepared.data
    seen = cxrtune(
        "run", "--data", data, "--out", out, *SMALL, "--bank", "off", "--protocol", "nih8",
        "--set", "baselines=[linear-probe]",
    )  # fmt: skip
    assert seen.code == 0, seen
    assert not (out / "bank").exists()
    assert (out / "predictions" / "linear-probe.parquet").is_file()
    assert json.loads((out / "model.provenance.json").read_text())["settings"]["bank"]["store"] == "none"


def test_the_probe_is_the_same_with_a_bank_and_without(prepared, trained, tmp_path, monkeypatch):
    tables, anew = {}, []
    pooled = baselines._pooled_anew
    monkeypatch.setattr(
        baselines, "_pooled_anew", lambda *given: anew.append(len(given[3])) or pooled(*given)
    )
    for store, bank in (("disk", trained / "bank"), ("none", tmp_path / "bank")):
        stored = {"weights": "random", "preprocess": {"size": 64}, "bank": {"store": store, "views": 2}}
        recipe = validate_recipe(stored, "the test")
        table = tmp_path / f"{store}.parquet"
        predict_probe(Dataset.open(prepared.cohort, prepared.pack), bank, recipe, table, SilentReporter())
        tables[store] = pd.read_parquet(table).iloc[:, 2:]
    with_bank, without = anew
    assert with_bank < without / 2, "the bank was not read"
    # float16 keeps eleven bits of the bank's features.
    np.testing.assert_allclose(tables["disk"].to_numpy(float), tables["none"].to_numpy(float), atol=5e-3)


def test_the_disk_is_announced_before_it_is_spent_and_a_smaller_bank_is_offered(
    train, trained, tmp_path, monkeypatch
):
    from cxrtune.training.bank import keeper

    class Usage:
        free = 700_000

    monkeypatch.setattr(keeper.shutil, "disk_usage", lambda _: Usage)
    message = train(tmp_path / "run", "--views", "9").refused()
    assert "the bank needs 1.9 MB more, and 0.7 MB are free" in message
    assert "Take fewer views (--views 3 fits), do without a bank (--bank off)" in message
    assert not list((tmp_path / "run").rglob("*.npy"))
    Usage.free = 1000
    assert "Free some space, do without a bank (--bank off)" in train(tmp_path / "run").refused()


class Killed(BaseException):
    """Stands for the end of a process."""


def killed(*_):
    raise Killed


def test_a_second_start_goes_on_and_says_so(cxrtune, prepared, tmp_path, monkeypatch):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("cxrtune.experiment.train.save_model", killed)
        with pytest.raises(Killed):
            cxrtune("train", *prepared.arguments, "--out", out, *SMALL, "--views", 1)
    assert (out / "training-state.pt").is_file()
    seen = cxrtune("train", *prepared.arguments, "--out", out, *loud(SMALL), "--views", 1)
    assert seen.code == 0
    assert "train: goes on after epoch 2" in seen.out
    assert not (out / "training-state.pt").exists()


def test_no_resume_begins_anew(cxrtune, prepared, tmp_path, monkeypatch):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("cxrtune.experiment.train.save_model", killed)
        with pytest.raises(Killed):
            cxrtune("train", *prepared.arguments, "--out", out, *SMALL, "--views", 1)
    seen = cxrtune("train", *prepared.arguments, "--out", out, *loud(SMALL), "--views", 1, "--no-resume")
    assert seen.code == 0
    assert "goes on" not in seen.out


def test_int8_tells_what_it_costs(cxrtune, prepared, tmp_path):
    seen = cxrtune(
        "train",
        *prepared.arguments,
        "--out",
        tmp_path / "run",
        *loud(SMALL),
        "--views",
        "1",
        "--bank-precision",
        "int8",
    )
    assert seen.code == 0, seen
    assert "trunk by openvino, int8" in seen.out
    line = next(line for line in seen.out.splitlines() if "validation AUROC" in line)
    assert "on the int8 bank's features" in line
    assert line.endswith("by the float32 network that predicts")
    record = json.loads((tmp_path / "run" / "model.provenance.json").read_text())
    assert any("int8 bank's features" in note for note in record["notes"])
    assert "Statistics collection" not in seen.out + seen.err


def test_the_engine_is_named(cxrtune, prepared, tmp_path):
    for engine in ("torch", "openvino"):
        seen = cxrtune(
            "train",
            *prepared.arguments,
            "--out",
            tmp_path / engine,
            *loud(SMALL),
            "--views",
            1,
            "--engine",
            engine,
        )
        assert f"trunk by {engine}, float32" in seen.out


def test_flip_averages_the_image_and_its_mirror_image(cxrtune, prepared, trained, tmp_path):
    out = tmp_path / "run"
    flip = ("--views", "2", "--set", "prediction.flip=true")
    assert cxrtune("train", *prepared.arguments, "--out", out, *SMALL, *flip).code == 0
    tables = {}
    data = prepared.data / "images"
    mirrored = tmp_path / "mirrored"
    mirrored.mkdir()
    import cv2

    for path in sorted(data.iterdir())[:4]:
        cv2.imwrite(str(mirrored / path.name), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)[:, ::-1])
    for name, folder in (("as it is", sorted(data.iterdir())[:4]), ("mirrored", sorted(mirrored.iterdir()))):
        assert cxrtune("predict", out, *folder, "--out", tmp_path / "p.csv").code == 0
        tables[name] = pd.read_csv(tmp_path / "p.csv").iloc[:, 2:10].to_numpy(float)  # the eight findings
    np.testing.assert_allclose(tables["as it is"], tables["mirrored"], atol=1e-5)


def test_trackers_that_do_not_exist_are_refused(train, tmp_path):
    assert "there is no tracker 'wandb'" in train(tmp_path / "run", "--tracker", "wandb").refused(2)


@pytest.mark.parametrize(("tracker", "package"), [("tensorboard", "tensorboard"), ("mlflow", "mlflow")])
def test_a_tracker_that_is_not_installed_is_named_with_its_extra(
    train, tmp_path, monkeypatch, tracker, package
):
    import sys

    for name in [name for name in sys.modules if name.startswith((package, "torch.utils.tensorboard"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    message = train(tmp_path / "run", "--views", "1", "--tracker", tracker).refused(2)
    assert "is not installed" in message
    assert f"pip install 'cxrtune[{package}]'" in message


def test_tensorboard_gets_every_epoch(train, tmp_path):
    out = tmp_path / "run"
    assert train(out, "--views", "1", "--tracker", "tensorboard").code == 0
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(out / "tensorboard")).Reload()
    metrics = pd.read_csv(out / "metrics.csv")
    for name in ("train_loss", "val_loss", "val_auroc", "learning_rate"):
        assert [event.step for event in events.Scalars(name)] == [1, 2]
        np.testing.assert_allclose([event.value for event in events.Scalars(name)], metrics[name], rtol=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # MLflow asks SQLAlchemy in an old way
def test_mlflow_gets_every_epoch_and_the_recipe(train, tmp_path):
    out = tmp_path / "run"
    assert train(out, "--views", "1", "--tracker", "mlflow").code == 0
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{out / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name("cxrtune").experiment_id])
    metrics = pd.read_csv(out / "metrics.csv")
    history = client.get_metric_history(run.info.run_id, "val_loss")
    assert [(point.step, point.value) for point in history] == list(
        zip(metrics["epoch"], metrics["val_loss"], strict=True)
    )
    assert run.data.params["training.batch_size"] == "16"
    assert run.info.status == "FINISHED"
