"""`cxrtune report` on tables of one's own: what lies beside the page, and which records it finds."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from cxrtune.cohort.table import CohortTable
from cxrtune.progress import SilentReporter
from cxrtune.provenance import Source
from cxrtune.report.paper.write import FILES, GUIDELINES
from cxrtune.stage import stage


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a cohort of 240 images of 80 patients, its record, and a table of scores."""
    folder = tmp_path_factory.mktemp("paper")
    random = np.random.default_rng(5)
    patients = np.repeat(np.arange(80), 3)
    present = (random.random(240) < 0.4).astype(int)
    frame = pd.DataFrame(
        {
            "image": [f"{row:03}.png" for row in range(240)],
            "patient": patients.astype(str),
            "view": "PA",
            "sex": np.where(patients % 2, "F", "M"),
            "age": 50,
            "followup": 0,
            "split": np.array(["train", "validation", "test"])[patients % 3],
            "Effusion": pd.array(present, dtype="Int8"),
        }
    )
    labels, cohort = folder / "labels.csv", folder / "cohort.parquet"
    labels.write_text("image,Effusion\n", encoding="utf-8")
    settings = {"map": {"title": "", "source": "", "uncertain": "unknown", "split": None}, "seed": 3}
    inputs = [Source.of_file("label table", labels)]
    with stage("cohort", cohort, inputs, settings, [cohort.name], SilentReporter()) as draft:
        CohortTable(frame).write(cohort)
        draft.counts = {"in_table": 250, "excluded_by_protocol": 6, "not_on_disk": 4, "kept": 240}
    scores = pd.DataFrame({"image": frame["image"], "Effusion": 0.5 * random.random(240) + 0.4 * present})
    scores.to_csv(folder / "scores.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def evaluated(place, quietly):
    """The folder, with an evaluation of the table in it."""
    table = f"theirs={place / 'scores.csv'}"
    quietly("evaluate", "--cohort", place / "cohort.parquet", "--predictions", table,
            "--replicates", 100, "--out", place / "evaluation")  # fmt: skip
    return place


def test_everything_for_a_paper_lies_beside_the_page(cxrtune, evaluated, tmp_path):
    assert cxrtune("report", "--evaluation", evaluated / "evaluation", "--out", tmp_path / "report").code == 0
    assert set(FILES) <= {path.name for path in (tmp_path / "report").iterdir()}
    claim = (tmp_path / "report" / "checklist-claim.md").read_text(encoding="utf-8")
    # Without a run folder, the record that stands beside the cohort is found.
    assert "Of 250 images in the label table, 6 were excluded by the map and 4 were not on disk" in claim
    assert "DenseNet" not in claim
    assert "its training images are not" in claim


def test_where_numbers_are_said_to_stand_they_stand(cxrtune, evaluated, tmp_path):
    out = tmp_path / "report"
    assert cxrtune("report", "--evaluation", evaluated / "evaluation", "--out", out).code == 0
    page = (out / "index.html").read_text(encoding="utf-8")
    headings = set(re.findall(r"<h2[^>]*>([^<]*)</h2>", page))
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    places = set()
    for guideline in GUIDELINES:
        for line in (out / guideline.file).read_text(encoding="utf-8").splitlines():
            if re.match(r"\| \d", line):
                places |= set(line.rstrip(" |").split(" | ")[-1].replace("\\_", "_").split("; "))
    named = {place.strip() for place in places if re.match(r"index\.html|tables/|results\.json|flow", place)}
    assert {"flow.svg", "tables/cohort.csv", "tables/auroc.csv"} <= named
    for place in named:
        file, _, inside = place.partition(": ")
        assert (out / file).is_file(), place
        for part in inside.split(", ") if inside else ():
            assert part in (headings if file == "index.html" else results), place


def test_without_the_cohorts_record_nobody_knows_who_was_excluded(cxrtune, evaluated, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(evaluated, copy)
    (copy / "cohort.provenance.json").unlink()
    record = copy / "evaluation" / "provenance.json"
    record.write_text(record.read_text(encoding="utf-8").replace(str(evaluated), str(copy)), encoding="utf-8")
    assert cxrtune("report", "--evaluation", copy / "evaluation", "--out", tmp_path / "report").code == 0
    claim = (tmp_path / "report" / "checklist-claim.md").read_text(encoding="utf-8")
    assert "in the label table" not in claim
    assert "| 35 | patients or examinations included and excluded | author |" in claim


def test_results_of_another_version_are_named_with_a_run_too(cxrtune, evaluated, tmp_path):
    copy, run = tmp_path / "evaluation", tmp_path / "run"
    shutil.copytree(evaluated / "evaluation", copy)
    (run / "pack").mkdir(parents=True)
    shutil.copyfile(evaluated / "cohort.parquet", run / "cohort.parquet")
    results = json.loads((copy / "results.json").read_text(encoding="utf-8"))
    (copy / "results.json").write_text(json.dumps(results | {"unheard_of": 1}), encoding="utf-8")
    seen = cxrtune("report", "--evaluation", copy, "--run", run, "--out", tmp_path / "report")
    assert seen.code == 1
    assert "not an evaluation's results" in seen.err
    assert "Run `cxrtune evaluate` again" in seen.err
