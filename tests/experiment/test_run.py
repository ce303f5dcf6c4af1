"""The whole experiment on a few small phantoms, through the command line."""

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from safetensors import safe_open

import cxrtune.cohort.table
import cxrtune.packs.pack
from cxrtune.cli.main import main as command_line
from cxrtune.evaluation.thresholds import operating_points
from cxrtune.findings import NIH_FINDINGS

pytestmark = pytest.mark.usefixtures("short_gate")

SMALL = (
    "--recipe", "quick", "--weights", "random", "--workers", "2",
    "--set", "preprocess.size=64", "--set", "training.epochs=2", "--set", "baselines=[linear-probe]",
)  # fmt: skip

# What each opening of a cohort, and of a pack, goes through, and with what it did in the first run.
OPENED = {(cxrtune.cohort.table, "_problem"): [], (cxrtune.packs.pack, "_read"): []}


def main(arguments):
    """Run a command that must succeed."""
    with pytest.raises(SystemExit) as stopped:
        command_line(arguments)
    assert stopped.value.code in (0, None)


@pytest.fixture(scope="module")
def phantoms(prepared):
    return prepared.data


@pytest.fixture(scope="module")
def run(phantoms, short_gate, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "small"
    with pytest.MonkeyPatch.context() as patch:
        for module, name in OPENED:
            patch.setattr(module, name, counting(getattr(module, name), OPENED[module, name]))
        main(["run", "--data", str(phantoms), "--out", str(folder), *SMALL, "--quiet"])
    return folder


def counting(function, calls):
    def counted(*arguments):
        calls.append(arguments)
        return function(*arguments)

    return counted


def test_a_run_opens_its_cohort_and_its_pack_once(run):
    assert {name: len(calls) for (_, name), calls in OPENED.items()} == {"_problem": 1, "_read": 1}


def test_every_stage_leaves_its_files_and_its_record(run):
    for name in (
        "cohort.parquet", "cohort.provenance.json",
        "pack/pixels.npy", "pack/unreadable.csv", "pack/provenance.json",
        "bank/view-0.npy", "bank/view-1.npy", "bank/provenance.json", "model.safetensors", "metrics.csv",
        "model.provenance.json", "predictions/fine-tuned.parquet", "predictions/linear-probe.parquet",
        "evaluation/results.json", "evaluation/roc-fine-tuned.svg", "evaluation/roc-fine-tuned.png",
        "evaluation/auroc.csv", "evaluation/auroc.md", "evaluation/classification.csv", "report/index.html",
        "report/results.json", "report/provenance.json",
    ):  # fmt: skip
        assert (run / name).is_file(), name
    assert not list(run.rglob(".*")), "something half-written was left"


def test_records_hold_the_hashes_of_what_was_read_and_written(run):
    record = json.loads((run / "model.provenance.json").read_text())
    assert [source["name"] for source in record["inputs"]] == ["cohort", "pack"]
    assert record["inputs"][0]["sha256"] == hashlib.sha256((run / "cohort.parquet").read_bytes()).hexdigest()
    assert (
        record["outputs"][0]["sha256"] == hashlib.sha256((run / "model.safetensors").read_bytes()).hexdigest()
    )
    assert record["settings"]["training"]["epochs"] == 2
    assert record["counts"]["best_epoch"] in (1, 2)
    assert record["versions"]["torch"]


def test_predictions_cover_validation_and_test_and_nothing_else(run):
    cohort = pd.read_parquet(run / "cohort.parquet")
    table = pd.read_parquet(run / "predictions" / "fine-tuned.parquet")
    wanted = pd.concat([cohort[cohort["split"] == split] for split in ("validation", "test")])
    assert list(table["image"]) == list(wanted["image"])
    assert list(table["patient"]) == list(wanted["patient"])
    assert list(table.columns) == ["image", "patient", *cohort.columns[7:]]
    values = table[table.columns[2:]]
    assert values.notna().all().all()
    assert ((values >= 0) & (values <= 1)).all().all()


def test_thresholds_in_the_model_are_those_of_its_predictions_on_validation(run):
    with safe_open(run / "model.safetensors", framework="np") as stored:
        content = json.loads(stored.metadata()["cxrtune"])
    cohort = pd.read_parquet(run / "cohort.parquet").query("split == 'validation'")
    table = (
        pd.read_parquet(run / "predictions" / "fine-tuned.parquet").set_index("image").loc[cohort["image"]]
    )
    findings = content["findings"]
    points = operating_points(
        findings, cohort[findings].to_numpy(float), table[findings].to_numpy(np.float32)
    )
    chosen = {finding: point.threshold for finding, point in points.items()}
    assert content["thresholds"] == chosen
    results = json.loads((run / "report" / "results.json").read_text())
    used = {name: found["threshold"] for name, found in results["models"][0]["findings"].items()}
    assert {name: used[name] for name in chosen} == chosen


def test_the_model_and_its_table_keep_what_validation_chose(run):
    with safe_open(run / "model.safetensors", framework="np") as stored:
        content = json.loads(stored.metadata()["cxrtune"])
    assert set(content["operating_points"]) == {"youden", "f1", "sensitivity", "specificity"}
    card = json.loads(pq.read_schema(run / "predictions" / "fine-tuned.parquet").metadata[b"cxrtune"])
    for name in ("thresholds", "operating_points", "calibration"):
        assert card[name] == content[name]


def test_the_report_shows_the_examples_as_images(run):
    results = json.loads((run / "report" / "results.json").read_text())
    page = (run / "report" / "index.html").read_text()
    assert page.count("data:image/jpeg;base64,") == len(results["examples"]) > 0
    # The phantoms have NIH's file names, and yet no radiologist has read them.
    assert results["second_truths"] == []
    assert '<section id="second_truth"' not in page


def test_images_score_like_their_rows_of_the_pack(run, phantoms, tmp_path):
    from_pack = pd.read_parquet(run / "predictions" / "fine-tuned.parquet").head(5).set_index("image")
    images = [str(phantoms / "images" / name) for name in from_pack.index]
    main(["predict", str(run), *images, "--out", str(tmp_path / "few.parquet"), "--quiet"])
    alone = pd.read_parquet(tmp_path / "few.parquet").set_index("image")
    findings = from_pack.columns[1:]
    np.testing.assert_allclose(
        alone[findings].to_numpy(float), from_pack[findings].to_numpy(float), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_predictions_in_other_formats(run, phantoms, tmp_path, suffix):
    out = tmp_path / f"table{suffix}"
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    image = next((phantoms / "images").iterdir())
    main(["predict", str(run), str(image), str(broken), "--out", str(out), "--quiet"])
    table = pd.read_csv(out) if suffix == ".csv" else pd.read_json(out, lines=True)
    assert list(table["image"]) == [image.name, "broken.png"]
    assert table["Mass"].notna().tolist() == [True, False]


def test_the_same_command_again_skips_every_stage(run, phantoms, capsys):
    before = (run / "model.safetensors").stat().st_mtime_ns
    main(["run", "--data", str(phantoms), "--out", str(run), *SMALL])
    said = capsys.readouterr().out
    for stage in ("cohort", "pack", "train", "predict", "linear-probe", "evaluate", "report"):
        assert f"{stage}: inputs and settings are unchanged" in said
    assert (run / "model.safetensors").stat().st_mtime_ns == before


def test_another_loop_keeps_the_bank_and_trains_anew(run, phantoms, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    main(["run", "--data", str(phantoms), "--out", str(copy), *SMALL, "--set", "training.epochs=1"])
    said = capsys.readouterr().out
    assert "bank: inputs and settings are unchanged" in said
    assert "train: 1 epochs" in said


def test_the_same_recipe_and_seed_give_the_same_to_the_bit_in_stages_one_at_a_time(run, phantoms, tmp_path):
    size = ["--recipe", "quick", "--set", "preprocess.size=64"]
    cohort, pack, model = tmp_path / "c.parquet", tmp_path / "pack", tmp_path / "model"
    main(["cohort", "--data", str(phantoms), "--out", str(cohort), "--quiet"])
    main(["pack", "--cohort", str(cohort), "--data", str(phantoms), "--out", str(pack), *size, "--quiet"])
    main(["train", "--cohort", str(cohort), "--pack", str(pack), "--out", str(model), *size,
          "--weights", "random", "--set", "training.epochs=2", "--set", "baselines=[linear-probe]",
          "--quiet"])  # fmt: skip
    table = tmp_path / "p.parquet"
    main(
        ["predict", str(model), "--cohort", str(cohort), "--pack", str(pack), "--out", str(table), "--quiet"]
    )
    assert (model / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()
    pd.testing.assert_frame_equal(
        pd.read_parquet(table), pd.read_parquet(run / "predictions" / "fine-tuned.parquet")
    )
    out = tmp_path / "evaluation"
    main(
        ["evaluate", "--cohort", str(cohort), "--predictions", f"ours={table}", "--out", str(out), "--quiet"]
    )
    main(
        [
            "report",
            "--evaluation",
            str(out),
            "--run",
            str(model),
            "--out",
            str(tmp_path / "report"),
            "--quiet",
        ]
    )
    whole, alone = (json.loads((f / "results.json").read_text()) for f in (run / "evaluation", out))
    assert alone["models"][0]["findings"] == whole["models"][0]["findings"]
    assert (tmp_path / "report" / "index.html").is_file()


def test_a_model_from_elsewhere_is_compared_from_a_csv_file(run, tmp_path):
    table = pd.read_parquet(run / "predictions" / "fine-tuned.parquet")
    renamed = table.rename(columns={f: f"prob_{f}" for f in table.columns[2:]}).drop(columns="patient")
    renamed.to_csv(tmp_path / "theirs.csv", index=False)
    table = f"theirs={tmp_path / 'theirs.csv'}"
    main(["evaluate", "--cohort", str(run / "cohort.parquet"), "--predictions", table,
          "--column-prefix", "prob_", "--out", str(tmp_path / "e"), "--quiet"])  # fmt: skip
    theirs, ours = (
        json.loads((f / "results.json").read_text())["models"][0]
        for f in (tmp_path / "e", run / "evaluation")
    )
    assert theirs["macro_auroc"] == pytest.approx(ours["macro_auroc"], abs=1e-6)
    assert theirs["threshold_rule"] == "Youden's J on validation"


def test_without_weights_the_run_goes_on_and_says_what_is_missing(
    phantoms, run, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    xrv = "baselines=[linear-probe,'xrv:densenet121-res224-nih']"
    main(["run", "--data", str(phantoms), "--out", str(copy), *SMALL, "--set", xrv, "--quiet"])
    warned = capsys.readouterr().err
    assert "not compared with xrv:densenet121-res224-nih. Its weights are not on this machine" in warned
    assert "nih-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt" in warned
    page = (copy / "report" / "index.html").read_text()
    assert "Its weights are not on this machine and could not be fetched" in page
    results = json.loads((copy / "report" / "results.json").read_text())
    assert [model["name"] for model in results["missing"]] == ["xrv:densenet121-res224-nih"]
    assert [model["name"] for model in results["models"]] == ["fine-tuned", "linear-probe"]


def test_imagenet_weights_that_are_not_to_be_had_stop_before_any_work(
    phantoms, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(SystemExit) as stopped:
        command_line(["run", "--data", str(phantoms), "--out", str(tmp_path / "out"), "--recipe", "quick"])
    assert stopped.value.code == 1
    error = capsys.readouterr().err
    assert "ImageNet weights are not here" in error
    assert "--weights random" in error
    assert not (tmp_path / "out").exists()


def test_eight_findings_of_the_protocol(run):
    results = json.loads((run / "report" / "results.json").read_text())
    assert len(results["findings"]) == 8
    assert set(results["findings"]) < set(NIH_FINDINGS)
