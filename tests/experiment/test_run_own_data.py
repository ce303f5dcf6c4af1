"""From a table and a folder of one's own, DICOM among them, to a model, a report and a prediction."""

import json

import numpy as np
import pandas as pd
import pytest

from own_data import write_own_data

pytestmark = pytest.mark.usefixtures("short_gate")

FEW = ("--set", "preprocess.size=64", "--set", "training.epochs=2", "--views", 1)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Data of 120 images, every third of them DICOM of 12 bits."""
    data = write_own_data(tmp_path_factory.mktemp("own") / "own", 120, 80)
    data.map += "source: The archive of our hospital\n"
    return data


@pytest.fixture(scope="module")
def run(own, short_gate, quietly):
    """The run folder of the whole experiment, by the table."""
    given = own.options[:-2]
    quietly("run", *given, "--out", own.path / "run", "--weights", "random", "--recipe", "quick", *FEW)
    return own.path / "run"


def test_findings_beyond_nihs_are_evaluated_on_what_is_known(own, run):
    results = json.loads((run / "report" / "results.json").read_text())
    assert results["findings"] == ["Effusion", "Fracture"]
    frame = pd.read_parquet(run / "cohort.parquet")
    test = frame[frame["split"] == "test"]
    (tuned, probe) = results["models"]
    for model in (tuned, probe):
        for finding in results["findings"]:
            assert model["findings"][finding]["support"] == int((test[finding] == 1).sum())
            assert model["findings"][finding]["negatives"] == int((test[finding] == 0).sum())
    page = (run / "report" / "index.html").read_text()
    assert "Of 120 images in the label table, 0 were excluded by the map" in page
    assert "The labels come from Our hospital, The archive of our hospital." in page
    assert "uncertain ones count as not known" in page
    assert "mined from radiology reports" not in page


def test_the_pack_keeps_more_bits_and_a_file_scores_as_its_row(own, run, cxrtune):
    assert np.load(run / "pack" / "pixels.npy", mmap_mode="r").dtype == np.float16
    ours = pd.read_parquet(run / "predictions" / "fine-tuned.parquet").set_index("image")
    names = list(ours.index[:3]) + [name for name in ours.index if name.endswith(".dcm")][:2]
    files = [own.path / "images" / name for name in dict.fromkeys(names)]
    out = own.path / "scores.parquet"
    assert cxrtune("predict", run, *files, "--engine", "torch", "--out", out).code == 0
    scores = pd.read_parquet(out)
    for file, row in zip(files, scores.itertuples(), strict=True):
        name = file.relative_to(own.path / "images").as_posix()
        np.testing.assert_allclose(
            [row.Effusion, row.Fracture], ours.loc[name, ["Effusion", "Fracture"]].astype(float), atol=1e-6
        )


def test_a_cohort_made_before_gives_the_same_run(own, run, cxrtune):
    given = own.options
    assert cxrtune("cohort", *given).code == 0
    seen = cxrtune(
        *("run", "--cohort", own.path / "cohort.parquet", "--data", own.path / "images"),
        *("--out", own.path / "again", "--weights", "random", "--recipe", "quick", *FEW),
    )
    assert seen.code == 0, seen.err
    first, second = (
        json.loads((folder / "report" / "results.json").read_text()) for folder in (run, own.path / "again")
    )
    assert first["models"][0]["macro_auroc"] == second["models"][0]["macro_auroc"]
    page = (own.path / "again" / "report" / "index.html").read_text()
    assert "120 images in the label table, 0 were excluded by the map" in page
    assert "The labels come from Our hospital" in page
    assert "Labels: labels.csv, SHA-256" in page
