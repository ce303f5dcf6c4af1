"""The main job on real radiographs. A score here says that the software works, nothing of a model."""

import json
from html import unescape

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from pydicom.data import get_testdata_file
from skimage import data
from sklearn.metrics import roc_auc_score

from cxrtune.errors import UnreadableImageError
from cxrtune.processors import processor_count
from cxrtune.scoring.predictor import Predictor


@pytest.fixture(autouse=True)
def _every_processor():
    """Give torch what the command itself would take: these networks are not small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(processor_count())
    yield
    torch.set_num_threads(threads)


def run(cxrtune, data, out, *more):
    """Run the main job with random weights on all fourteen findings."""
    seen = cxrtune(
        "run", "--data", data, "--out", out, "--weights", "random", "--protocol", "nih14", *more
    )  # fmt: skip
    assert seen.code == 0, seen
    return seen, json.loads((out / "report" / "results.json").read_text())


def check(results, nih, out):
    table = pd.read_csv(nih / "Data_Entry_2017_v2020.csv").set_index("Image Index")
    tested = set((nih / "test_list.txt").read_text().split())
    here = {path.name for path in (nih / "images").iterdir()}
    truth = table.loc[sorted(here & tested), "Finding Labels"].str.split("|")
    assert results["images"] == len(truth) == 810
    for finding in results["findings"]:
        expected = sum(finding in labels for labels in truth)
        assert results["models"][0]["findings"][finding]["support"] == expected
    assert [part["images"] for part in results["cohort"]] == [1154, 276, 810]
    assert len(results["models"]) == 2
    # A random trunk learns little, but not nothing.
    assert results["models"][0]["macro_auroc"] > 0.5
    page = (out / "report" / "index.html").read_text()
    assert "and 109,880 were not on disk; 2,240 formed the cohort." in page
    assert "Of the cohort's images 0 could not be read and had no score." in unescape(page)


def check_localization(results):
    """NIH's boxes of the images that are here, beside both controls."""
    (localization,) = results["localizations"]
    assert localization["macro"]["images"] == 551
    assert sum(finding["boxes"] for finding in localization["findings"].values()) == 616
    assert set(localization["macro"]["controls"]) == {"random", "lung"}


def check_predictor(nih, out):
    """The gate knows real radiographs from others, and four copies of one chest score alike."""
    predictor = Predictor.load(out, engine="torch")
    names = (nih / "test_list.txt").read_text().split()
    # One image a patient: those of one patient resemble each other.
    one_each = {name[:8]: nih / "images" / name for name in names if (nih / "images" / name).is_file()}
    files = list(one_each.values())[:60]
    ordinary = list(predictor.predict_many(files))
    strange = []
    for one in ordinary[:20]:
        pixels = one.pixels
        changed = (255 - pixels, np.rot90(pixels), np.rot90(pixels, 2), pixels[::-1], pixels[:, ::-1])
        strange += [predictor.predict(np.ascontiguousarray(array)) for array in changed]
    for name in ("astronaut", "camera", "coffee", "chelsea", "rocket", "brick", "text", "moon"):
        strange.append(predictor.predict(cv2.cvtColor(getattr(data, name)(), cv2.COLOR_RGB2GRAY)
                       if getattr(data, name)().ndim == 3 else getattr(data, name)()))  # fmt: skip
    truth = np.r_[np.zeros(len(ordinary)), np.ones(len(strange))]
    scores = [one.quality.ood_score for one in (*ordinary, *strange)]
    assert roc_auc_score(truth, scores) >= 0.98
    assert np.mean([bool(one.quality.flags) for one in ordinary]) <= 0.1
    chests = [
        get_testdata_file(f"RG1_{kind}.dcm", download=False) for kind in ("UNCR", "J2KR", "UNCI", "J2KI")
    ]
    scored = [predictor.predict(path).findings for path in chests]
    raw = np.array([[score.score for score in findings] for findings in scored])
    assert np.array_equal(raw[0], raw[1])
    assert np.array_equal(raw[2], raw[3])
    pairs = [(a.probability, b.probability) for a, b in zip(scored[0], scored[2], strict=True)]
    assert max(abs(a - b) for a, b in pairs if a is not None) < 0.01
    assert np.abs(raw[0] - raw[2]).max() < 0.01
    with pytest.raises(UnreadableImageError):
        predictor.predict(get_testdata_file("CT_small.dcm", download=False))


@pytest.mark.long
def test_the_quick_recipe_on_all_real_radiographs(cxrtune, nih, tmp_path):
    seen, results = run(cxrtune, nih, tmp_path / "nih", "--recipe", "quick")
    assert "109,880 not on disk and left out (00000003_001.png for one): 2,240 kept" in seen.out
    for stage in ("pack", "train", "predict", "linear-probe", "evaluate"):
        line = next(
            line for line in seen.out.splitlines() if line.startswith(stage) and "not on disk" in line
        )
        assert line.endswith("(109,880 images of the table are not on disk)")
    check(results, nih, tmp_path / "nih")
    check_localization(results)
    check_predictor(nih, tmp_path / "nih")
    assert "on 32 radiographs the largest difference from torch is" in seen.out
    seen = cxrtune("export", tmp_path / "nih", "--to", "openvino")
    assert seen.code == 0, seen
    assert "inputs and settings are unchanged" in seen.out


@pytest.mark.nightly
def test_the_reference_recipe_on_all_real_radiographs(cxrtune, nih, tmp_path):
    _, results = run(cxrtune, nih, tmp_path / "nih")
    check(results, nih, tmp_path / "nih")


@pytest.mark.long
def test_torchxrayvision_and_the_linear_probe_beside_a_small_training(
    cxrtune, nih_1024, tmp_path, monkeypatch
):
    """The whole job with TorchXRayVision's weights in place: made on the spot, saved in its own format."""
    import torchxrayvision as xrv

    from cxrtune.models.baselines.xrv import xrv_weights

    monkeypatch.setenv("HOME", str(tmp_path))
    torch.manual_seed(0)
    path = xrv_weights("densenet121-res224-nih").path
    path.parent.mkdir(parents=True)
    torch.save(xrv.models.DenseNet(num_classes=18).eval(), path)
    _, results = run(
        cxrtune, nih_1024, tmp_path / "out", "--recipe", "quick",
        "--set", "preprocess.size=64", "--set", "training.epochs=1",
    )  # fmt: skip
    models = {model["name"]: model for model in results["models"]}
    assert list(models) == ["fine-tuned", "linear-probe", "xrv:densenet121-res224-nih"]
    theirs = models["xrv:densenet121-res224-nih"]
    assert theirs["images"] == 43
    assert {found["threshold"] for found in theirs["findings"].values()} == {0.5}
    assert "published" in theirs["threshold_rule"]
    assert results["missing"] == []
    assert (tmp_path / "out" / "predictions" / "xrv-densenet121-res224-nih.logits.parquet").is_file()
    page = (tmp_path / "out" / "report" / "index.html").read_text()
    assert "TorchXRayVision densenet121-res224-nih" in page
    again = cxrtune(
        "run", "--data", nih_1024, "--out", tmp_path / "out", "--weights", "random", "--protocol", "nih14",
        "--recipe", "quick", "--set", "preprocess.size=64", "--set", "training.epochs=1",
    )  # fmt: skip
    assert "xrv:densenet121-res224-nih: inputs and settings are unchanged" in again.out
