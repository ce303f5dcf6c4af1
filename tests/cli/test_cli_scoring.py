"""`cxrtune predict` and `cxrtune explain` on files: tables, reasons, resuming, images."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archives_made import parts
from cxrtune.heatmaps import read_heatmaps
from cxrtune.provenance import read_record
from dicom_made import dicom


@pytest.fixture(scope="module")
def folder(prepared, tmp_path_factory):
    """Eight radiographs, one of them as DICOM, and four files that are none."""
    place = tmp_path_factory.mktemp("scored") / "images"
    place.mkdir()
    files = sorted((prepared.data / "images").iterdir())[:8]
    for path in files[:7]:  # twice as large, so as not to be flagged as tiny
        larger = cv2.resize(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), None, fx=2, fy=2)
        cv2.imwrite(str(place / path.name), larger)
    pixels = cv2.imread(str(files[7]), cv2.IMREAD_UNCHANGED).astype(int)
    (place / "chest.dcm").write_bytes(dicom(pixels, bits=8))
    (place / "hand.dcm").write_bytes(dicom(pixels, bits=8, Modality="CT"))
    (place / "empty.png").write_bytes(b"")
    (place / "mislabelled.dcm").write_bytes(files[0].read_bytes())
    (place / "noise.png").write_bytes(
        cv2.imencode(".png", np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8))[1].tobytes()
    )
    return place


@pytest.fixture
def predict(cxrtune, small_run, folder):
    def run(out, *more):
        return cxrtune("predict", small_run, folder, "--out", out, *more)

    return run


def test_every_file_is_a_row_with_numbers_or_a_reason(predict, tmp_path):
    seen = predict(tmp_path / "p.parquet")
    assert seen.code == 0, seen
    assert "9 of 12 images scored by OpenVINO, float32" in seen.out
    table = pd.read_parquet(tmp_path / "p.parquet").set_index("image")
    assert len(table) == 12
    assert table.loc["empty.png", "reason"] == "the file is empty (0 bytes)"
    assert table.loc["hand.dcm", "reason"].startswith("is of modality CT")
    assert "PNG" in table.loc["mislabelled.dcm", "reason"]
    failed = table["reason"].notna()
    assert failed.sum() == 3
    for column in ("Mass", "positive_Mass", "quality", "ood_score"):
        assert table[column].isna().equals(failed), column
    assert "unlike_training" in table.loc["noise.png", "quality"].split(";")
    assert (table.loc[~failed, "positive_Mass"]).isin([True, False]).all()
    for name in table.index[failed]:
        assert f"{name} is not scored: {table.loc[name, 'reason']}" in seen.err
    card = json.loads(pq.read_schema(tmp_path / "p.parquet").metadata[b"cxrtune"])
    assert card["engine"] == "OpenVINO, float32"
    assert len(card["sha256"]) == 64


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_other_formats_hold_the_same(predict, tmp_path, suffix):
    assert predict(tmp_path / "p.parquet").code == 0
    assert predict(tmp_path / f"p.{suffix}").code == 0
    expected = pd.read_parquet(tmp_path / "p.parquet")
    found = (
        pd.read_csv(tmp_path / "p.csv") if suffix == "csv" else pd.read_json(tmp_path / "p.jsonl", lines=True)
    )
    assert list(found.columns) == list(expected.columns)
    np.testing.assert_allclose(found["Mass"].astype(float), expected["Mass"].astype(float), rtol=1e-6)
    assert found["reason"].fillna("").tolist() == expected["reason"].fillna("").tolist()


def test_the_table_can_be_evaluated_like_any_other(predict, cxrtune, small_run, prepared, tmp_path):
    images = prepared.data / "images"
    assert cxrtune("predict", small_run, images, "--out", tmp_path / "p.csv").code == 0
    seen = cxrtune(
        "evaluate", "--cohort", prepared.cohort, "--predictions", f"ours={tmp_path / 'p.csv'}",
        "--replicates", 100, "--out", tmp_path / "e",
    )  # fmt: skip
    assert seen.code == 0, seen


def test_refuse_gives_no_probabilities_of_flagged_images(predict, tmp_path):
    assert predict(tmp_path / "p.parquet", "--refuse").code == 0
    table = pd.read_parquet(tmp_path / "p.parquet").set_index("image")
    assert table["Mass"].notna().sum() >= 5
    row = table.loc["noise.png"]
    assert row["reason"].startswith("refused: does not look like a frontal chest radiograph")
    assert pd.isna(row["Mass"])
    assert row["ood_score"] > 1


def test_the_same_again_is_skipped_and_a_changed_file_is_not(predict, folder, tmp_path):
    assert predict(tmp_path / "p.csv").code == 0
    assert "inputs and settings are unchanged" in predict(tmp_path / "p.csv").out
    assert "inputs and settings are unchanged" not in predict(tmp_path / "p.csv", "--refuse").out


def test_a_table_is_scored_again_where_that_is_asked_for(predict, tmp_path):
    """What failed for a passing reason, such as a share that was not mounted, need not stay a row."""
    assert predict(tmp_path / "p.csv").code == 0
    before = (tmp_path / "p.csv").read_bytes()
    assert "images scored by" in predict(tmp_path / "p.csv", "--anew").out
    assert (tmp_path / "p.csv").read_bytes() == before


def test_a_table_beside_the_model_keeps_the_models_record(cxrtune, small_run, folder, tmp_path):
    shutil.copytree(small_run, tmp_path / "run")
    record = (tmp_path / "run" / "model.provenance.json").read_bytes()
    command = ("predict", tmp_path / "run", folder, "--out", tmp_path / "run" / "model.csv")
    assert "would replace that of" in cxrtune(*command).refused(2)
    assert (tmp_path / "run" / "model.provenance.json").read_bytes() == record


def test_allowances(cxrtune, small_run, folder, tmp_path):
    hand = folder / "hand.dcm"
    message = cxrtune("predict", small_run, hand, "--out", tmp_path / "p.csv").err
    assert "error: " in message
    assert "not one image could be scored" in message
    seen = cxrtune("predict", small_run, hand, "--out", tmp_path / "q.csv", "--allow", "modality")
    assert seen.code == 0, seen
    refused = cxrtune("predict", small_run, hand, "--out", tmp_path / "r.csv", "--allow", "hands").refused(2)
    assert "--allow does not know 'hands'" in refused
    assert "modality, multiframe, colour, lateral" in refused


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_an_engine_that_is_not_there_is_refused(cxrtune, small_run, folder, tmp_path, command):
    message = cxrtune(command, small_run, folder, "--out", tmp_path / "p.csv", "--engine", "abacus").refused(
        2
    )
    assert "there is no engine 'abacus'" in message
    assert "auto, torch, openvino, openvino-int8, onnx" in message


def test_options_of_files_do_not_go_with_a_cohort(cxrtune, small_run, prepared, tmp_path):
    message = cxrtune(
        "predict", small_run, *prepared.arguments, "--out", tmp_path / "p.csv", "--refuse"
    ).refused(2)
    assert "Leave out --engine, --allow and --refuse" in message


def test_a_run_that_was_killed_goes_on_and_ends_the_same(small_run, prepared, tmp_path):
    """Killed by SIGKILL at several moments; in the end no image was scored twice, and none is missing."""
    images = tmp_path / "images"
    images.mkdir()
    for copy in range(3):
        for path in sorted((prepared.data / "images").iterdir())[:90]:
            os.link(path, images / f"{copy}-{path.name}")
    out = tmp_path / "p.csv"
    command = [sys.executable, "-m", "cxrtune", "predict", str(small_run), str(images), "--engine", "torch"]
    unfinished = tmp_path / ".p.csv.unfinished"
    for shards in (1, 3):
        process = subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL)
        while process.poll() is None and len(parts(unfinished)) < shards:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not out.exists()
        assert len(parts(unfinished)) >= shards
    done = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True, check=True)
    assert "of 270 images were scored before and are kept" in done.stdout
    assert "270 of 270 images scored" in done.stdout
    assert not unfinished.exists()
    whole = tmp_path / "whole.csv"
    subprocess.run([*command, "--out", str(whole)], capture_output=True, check=True)
    assert out.read_bytes() == whole.read_bytes()


def test_unfinished_work_of_another_kind_is_begun_anew(predict, small_run, tmp_path):
    unfinished = tmp_path / ".p.csv.unfinished"
    assert predict(tmp_path / "q", "--engine", "torch", "--refuse").code == 0
    for damage in ("other", "plan", "none"):
        shutil.copytree(tmp_path / "q", unfinished)
        if damage == "plan":
            (unfinished / "plan.parquet").write_bytes(b"PAR1")
        if damage == "none":
            (unfinished / "plan.parquet").unlink()
        seen = predict(tmp_path / "p.csv", "--engine", "torch")
        assert seen.code == 0, seen
        assert "scored before" not in seen.out
        assert not unfinished.exists()
        (tmp_path / "p.csv").unlink()


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_an_image_alone_in_a_table_and_in_a_shard_gives_the_same_bytes(
    predict, cxrtune, small_run, folder, tmp_path, engine
):
    own = ("--engine", engine)
    assert predict(tmp_path / "table.parquet", *own).code == 0
    assert predict(tmp_path / "shards", "--shard-size", 5, *own).code == 0
    table = pq.read_table(tmp_path / "table.parquet")
    shards = pa.concat_tables([pq.read_table(part) for part in parts(tmp_path / "shards")])
    assert table.replace_schema_metadata(None).equals(shards.replace_schema_metadata(None))
    for number, name in enumerate(table["image"].to_pylist()):
        if table["reason"][number].as_py() is None and (number < 3 or name == "chest.dcm"):
            out = tmp_path / f"{number}.parquet"
            assert cxrtune("predict", small_run, folder / name, "--out", out, *own).code == 0
            alone = pq.read_table(out).replace_schema_metadata(None)
            assert alone.equals(table.slice(number, 1).replace_schema_metadata(None))


def test_explain_draws_what_is_called_present_and_keeps_all_maps(cxrtune, small_run, folder, tmp_path):
    seen = cxrtune("explain", small_run, folder, "--out", tmp_path / "maps")
    assert seen.code == 0, seen
    assert "empty.png is not explained: the file is empty" in seen.err
    maps = read_heatmaps(tmp_path / "maps" / "heatmaps.safetensors")
    assert maps.maps.shape == (9, 8, 2, 2)
    assert "chest.dcm" in maps.images
    images = sorted((tmp_path / "maps").rglob("*.png"))
    assert {path.parent.name for path in images} == {name.rsplit(".", 1)[0] for name in maps.images}
    drawn = cv2.imread(str(images[0]))
    assert drawn.shape[:2] in ((80, 80), (160, 160))


def test_explain_draws_a_finding_that_is_asked_for(cxrtune, small_run, folder, tmp_path):
    one = folder / "chest.dcm"
    seen = cxrtune("explain", small_run, one, "--out", tmp_path / "maps", "--finding", "Mass")
    assert seen.code == 0, seen
    assert [path.name for path in (tmp_path / "maps").rglob("*.png")] == ["Mass.png"]
    made = [output.name for output in read_record(tmp_path / "maps" / "provenance.json").outputs]
    assert made == ["heatmaps.safetensors", "chest/Mass.png"]
    again = cxrtune("explain", small_run, one, "--out", tmp_path / "maps", "--finding", "Mass")
    assert "explain: inputs and settings are unchanged" in again.out
    message = cxrtune("explain", small_run, one, "--out", tmp_path, "--finding", "Fracture").refused(2)
    assert "does not know Fracture" in message
    assert "Atelectasis" in message


def test_heatmaps_of_a_cohort_are_judged_by_boxes(cxrtune, small_run, prepared, tmp_path):
    boxes = prepared.data / "BBox_List_2017.csv"
    out = tmp_path / "maps.safetensors"
    seen = cxrtune("explain", small_run, *prepared.arguments, "--boxes", boxes, "--out", out)
    assert seen.code == 0, seen
    assert "images that have boxes" in seen.out
    table = tmp_path / "p.parquet"
    assert cxrtune("predict", small_run, *prepared.arguments, "--out", table).code == 0
    seen = cxrtune(
        "evaluate", "--cohort", prepared.cohort, "--predictions", f"ours={table}",
        "--heatmaps", f"ours={out}", "--boxes", boxes, "--replicates", 100, "--out", tmp_path / "e",
    )  # fmt: skip
    assert seen.code == 0, seen
    assert json.loads((tmp_path / "e" / "results.json").read_text())["localizations"]
    message = cxrtune("explain", small_run, *prepared.arguments, "--out", tmp_path / "m").refused(2)
    assert "--boxes" in message


def test_explain_wants_images_or_a_cohort(cxrtune, small_run):
    assert "both --cohort and --pack" in cxrtune("explain", small_run).refused(2)
