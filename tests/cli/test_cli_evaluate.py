"""`cxrtune evaluate` and `report` on tables of other programs: what is said, and what the page then shows."""

import json

import numpy as np
import pandas as pd
import pytest

from cxrtune.cohort.table import CohortTable
from cxrtune.predictions import ModelCard, Predictions

FINDINGS = ("Effusion", "Infiltration", "Pleural_Thickening")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """A cohort of 900 images of 300 patients; every third patient is of the test part."""
    random = np.random.default_rng(5)
    patients = np.repeat(np.arange(300), 3)
    frame = pd.DataFrame(
        {
            "image": [f"{patient:05}-{row % 3}.png" for row, patient in enumerate(patients)],
            "patient": patients.astype(str),
            "view": np.where(random.random(900) < 0.6, "PA", "AP"),
            "sex": np.where(patients % 2, "F", "M"),
            "age": random.integers(5, 90, size=900),
            "followup": np.tile([0, 1, 2], 300),
            "split": np.array(["train", "validation", "test"])[patients % 3],
        }
    )
    for finding in FINDINGS:
        frame[finding] = pd.array((random.random(900) < 0.3).astype(int), dtype="Int8")
    file = tmp_path_factory.mktemp("evaluate") / "cohort.parquet"
    CohortTable(frame).write(file)
    return file


@pytest.fixture
def table(cohort, tmp_path):
    """Return a function that writes a model's CSV table, worse the more noise."""

    def write(name, noise, change=lambda frame: frame):
        frame = pd.read_parquet(cohort)
        random = np.random.default_rng(len(name))
        scores = frame[list(FINDINGS)].to_numpy(float) + noise * random.normal(size=(900, 3))
        columns = {finding: 1 / (1 + np.exp(-scores[:, i])) for i, finding in enumerate(FINDINGS)}
        path = tmp_path / f"{name}.csv"
        change(pd.DataFrame({"image": frame["image"], "patient": frame["patient"], **columns})).to_csv(
            path, index=False
        )
        return f"{name}={path}"

    return write


@pytest.fixture
def evaluate(cxrtune, cohort, tmp_path):
    """Return a function that evaluates tables and gives what was said, and the results."""

    def run(*tables, more=()):
        options = [part for pair in tables for part in ("--predictions", pair)]
        out = tmp_path / "evaluation"
        seen = cxrtune("evaluate", "--cohort", cohort, *options, "--out", out, "--replicates", 200, *more)
        assert seen.code == 0, seen
        return seen, json.loads((out / "results.json").read_text())

    return run


def test_a_better_model_is_found_to_be_better(evaluate, table):
    _, results = evaluate(table("good", 0.4), table("bad", 3.0))
    (pair,) = results["comparisons"]
    assert {found["verdict"] for found in pair["findings"].values()} == {"higher"}
    assert pair["macro"]["interval"]["low"] > 0
    for found in pair["findings"].values():
        assert found["p_holm"] >= found["p_patients"]
        assert (found["images"], found["patients"]) == (300, 100)


def test_images_that_one_table_lacks_are_told_and_left_out_for_both(evaluate, table):
    seen, results = evaluate(table("whole", 1.0), table("part", 1.0, lambda frame: frame.iloc[:-30]))
    assert "of 300 test images have no score of part" in seen.err
    assert "images were scored by every model; scores are judged on these" in seen.err
    assert results["shared_images"] < results["images"] == 300
    counts = [
        {(found["support"], found["negatives"]) for found in model["findings"].values()}
        for model in results["models"]
    ]
    assert counts[0] == counts[1]


def test_other_names_of_findings_are_understood(evaluate, table):
    names = {"Effusion": "prob_pleural effusion", "Infiltration": "prob_Infiltrate"}
    names["Pleural_Thickening"] = "prob_Pleural Thickening"
    _, results = evaluate(
        table("theirs", 0.5, lambda frame: frame.rename(columns=names)),
        more=("--column-prefix", "prob_"),
    )
    assert all(found["auroc"] > 0.8 for found in results["models"][0]["findings"].values())


def test_a_finding_with_two_columns_is_refused(cxrtune, cohort, table, tmp_path):
    pair = table("theirs", 1.0, lambda frame: frame.assign(infiltration=frame["Infiltration"]).rename(
        columns={"Infiltration": "INFILTRATION"}))  # fmt: skip
    seen = cxrtune("evaluate", "--cohort", cohort, "--predictions", pair, "--out", tmp_path / "out")
    assert "two columns for Infiltration: 'INFILTRATION' and 'infiltration'" in seen.refused()


def test_what_a_table_does_not_have_is_told(evaluate, table):
    def change(frame):
        strange = frame.head(2).assign(image=["x.png", "y.png"], patient=None)
        return pd.concat([frame.drop(columns="Effusion"), strange.drop(columns="Effusion")])

    seen, results = evaluate(table("ours", 1.0), table("theirs", 1.0, change))
    assert "theirs has no scores of Effusion" in seen.err
    assert "theirs scored 2 images that are not in the cohort" in seen.err
    assert results["models"][1]["findings"]["Effusion"]["auroc"] is None
    assert results["models"][0]["findings"]["Effusion"]["auroc"] is not None
    assert "Effusion" not in results["comparisons"][0]["findings"]


def test_labels_that_belong_to_other_patients_are_refused(cxrtune, cohort, table, tmp_path):
    pair = table("theirs", 1.0, lambda frame: frame.assign(patient=np.roll(frame["patient"], 3)))
    seen = cxrtune("evaluate", "--cohort", cohort, "--predictions", pair, "--out", tmp_path / "out")
    message = seen.refused()
    assert "theirs give 900 images to other patients than the cohort does" in message


def test_tables_without_a_common_image_are_refused(cxrtune, cohort, table, tmp_path):
    first = table("first", 1.0, lambda frame: frame[frame.index % 2 == 0])
    second = table("second", 1.0, lambda frame: frame[frame.index % 2 == 1])
    seen = cxrtune(
        "evaluate", "--cohort", cohort, "--predictions", first, "--predictions", second,
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert "no test image was scored by all 2 models" in seen.refused()


@pytest.mark.parametrize(
    ("more", "code", "named"),
    [
        (("--prevalence", "Effusion"), 2, "'Effusion' is no FINDING=SHARE"),
        (("--prevalence", "Effusion=1.5"), 2, "must lie between 0 and 1"),
        (("--prevalence", "Hernia=0.1"), 2, "no finding of the cohort"),
        (("--trained-on", "other=list.txt"), 1, "list.txt"),
    ],
)
def test_options_that_cannot_be_meant(cxrtune, cohort, table, tmp_path, more, code, named):
    seen = cxrtune(
        "evaluate", "--cohort", cohort, "--predictions", table("m", 1.0), "--out", tmp_path / "out", *more
    )
    assert named in seen.refused(code)


def test_predictive_values_at_a_stated_prevalence_are_bayes(evaluate, table):
    _, results = evaluate(table("m", 1.0), more=("--prevalence", "Effusion=0.02"))
    model = results["models"][0]
    stated, found = model["prevalence"]["Effusion"], model["findings"]["Effusion"]
    hit, false = 0.02 * found["recall"], 0.98 * (1 - found["specificity"])
    assert stated["positive_predictive_value"] == pytest.approx(hit / (hit + false))
    right, missed = 0.98 * found["specificity"], 0.02 * (1 - found["recall"])
    assert stated["negative_predictive_value"] == pytest.approx(right / (right + missed))


def test_a_list_of_training_images_makes_a_table_of_the_others(evaluate, table, cohort, tmp_path):
    frame = pd.read_parquet(cohort).query("split == 'test'")
    (tmp_path / "seen.txt").write_text("\n".join(frame["image"].head(90)))
    _, results = evaluate(
        table("ours", 0.8), table("theirs", 0.8), more=("--trained-on", f"theirs={tmp_path / 'seen.txt'}")
    )
    known = results["models"][1]["contamination"]
    assert (known["inside"], known["outside"], known["outside_patients"]) == (90, 210, 70)
    (outside,) = results["outside"]
    assert (outside["model"], outside["images"], outside["patients"]) == ("theirs", 210, 70)


def test_the_page_shows_every_section_that_has_something_to_show(cxrtune, evaluate, table, tmp_path):
    (tmp_path / "seen.txt").write_text("00002-0.png\n")
    more = ("--trained-on", f"theirs={tmp_path / 'seen.txt'}", "--prevalence", "Effusion=0.05")
    evaluate(table("ours", 0.8), table("theirs", 1.2), more=more)
    out = tmp_path / "report"
    assert cxrtune("report", "--evaluation", tmp_path / "evaluation", "--out", out).code == 0
    page = (out / "index.html").read_text()
    for section in (
        "summary", "cohort", "comparison", "roc", "classification", "operating_points", "calibration",
        "subgroups", "contamination", "limits", "model_card", "provenance",
    ):  # fmt: skip
        assert f'<section id="{section}"' in page, section
    # The names are NIH's pattern or not: adjudicated labels belong to NIH's own images only.
    assert '<section id="second_truth"' not in page
    assert "on average over the findings" in page.lower()
    assert "theirs was probably trained on 1 of these images" in page
    assert len(page) < 6_000_000


# What does not match


def training_list(path, cohort, encoding, names=None):
    names = names or [*pd.read_parquet(cohort)["image"][:60], "Zoë.png"]
    path.write_bytes("\r\n".join(f" {name} " for name in names).encode(encoding))
    return ("--trained-on", f"ours={path}")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_a_list_of_training_images_is_read_in_every_encoding(evaluate, cohort, table, tmp_path, encoding):
    more = training_list(tmp_path / "list.txt", cohort, encoding)
    seen, results = evaluate(table("ours", 1.0), more=more)
    frame = pd.read_parquet(cohort)
    inside = int((frame["split"][:60] == "test").sum())
    assert results["models"][0]["contamination"]["inside"] == inside > 0
    assert "1 of 61 training images of ours are not in the cohort, Zoë.png for one" in seen.err
    assert ("list.txt is not UTF-8 text: line 61 read as Windows-1252" in seen.err) == (encoding == "latin-1")


@pytest.mark.parametrize("names", [["images/x.png", "y.png"], [""]])
def test_a_list_of_training_images_that_names_none_of_the_cohorts_stops(
    cxrtune, cohort, table, tmp_path, names
):
    more = training_list(tmp_path / "list.txt", cohort, "utf-8", names)
    seen = cxrtune(
        "evaluate", "--cohort", cohort, "--predictions", table("ours", 1.0), *more, "--out", tmp_path / "o"
    )
    text = seen.refused()
    assert "list.txt: names none of the cohort's images as training images of 'ours'; it begins with" in text
    assert f"'{names[0] or 'nothing'}'" in text
    assert "such as 00000-0.png, one a line" in text


def test_the_names_of_nihs_columns_are_understood(evaluate, table):
    _, results = evaluate(table("theirs", 0.5, lambda f: f.rename(columns={"image": "Image Index"})))
    assert results["models"][0]["not_scored"] == 0


def test_patients_are_compared_however_they_are_written(evaluate, table):
    _, results = evaluate(table("theirs", 0.5, lambda f: f.assign(patient=f["patient"].str.zfill(5) + ".0")))
    assert results["models"][0]["not_scored"] == 0


def test_a_models_own_table_is_judged_on_a_cohort_that_lacks_one_of_its_findings(evaluate, cohort, tmp_path):
    frame = pd.read_parquet(cohort)
    random = np.random.default_rng(0)
    findings = (*FINDINGS, "Hernia")
    point = {"threshold": 0.5, "sensitivity": 0.5, "specificity": 0.5}
    calibration = {"method": "platt", "prevalence": 0.3, "slope": 1.0, "offset": 0.0}
    card = ModelCard(
        "m",
        "",
        "Youden",
        dict.fromkeys(findings, 0.5),
        {"youden": dict.fromkeys(findings, point)},
        dict.fromkeys(findings, calibration),
    )
    scores = random.random((900, 4)).astype(np.float32)
    images, patients = (frame[name].to_numpy(dtype=object) for name in ("image", "patient"))
    Predictions(images, patients, findings, scores, card).write(tmp_path / "m.parquet")
    seen, results = evaluate(f"m={tmp_path / 'm.parquet'}")
    assert "m knows Hernia, of which the cohort has no labels" in seen.err
    assert set(results["models"][0]["operating_points"]["youden"]) == set(FINDINGS)
    assert set(results["models"][0]["calibration"]) == set(FINDINGS)


def test_a_model_that_is_called_like_a_column_of_the_results_is_refused(cxrtune, cohort, table, tmp_path):
    pair = table("Positives", 1.0)
    seen = cxrtune("evaluate", "--cohort", cohort, "--predictions", pair, "--out", tmp_path / "out")
    assert "a model cannot be called 'Positives'" in seen.refused(2)


def test_synonyms_that_were_applied_are_told(evaluate, table):
    seen, _ = evaluate(table("theirs", 0.5, lambda f: f.rename(columns={"Effusion": "Pleural Effusion"})))
    assert "theirs.csv: columns are taken as synonyms: Pleural Effusion for Effusion" in seen.err


def of_parts(*parts):
    """Keep the images of these parts; patients are numbered as the parts follow each other."""
    places = [("train", "validation", "test").index(part) for part in parts]
    return lambda frame: frame[(frame["patient"].astype(int) % 3).isin(places)]


def test_judged_images_that_chose_thresholds_are_told(evaluate, table):
    seen, results = evaluate(table("good", 0.4), more=("--split", "all"))
    said = (
        "300 of the 900 images that are judged chose thresholds or calibration of good: what rests on these"
    )
    assert said in seen.err
    assert results["judged"] == {"train": 300, "validation": 300, "test": 300}
    assert "all images" not in seen.out


def test_thresholds_of_other_images_need_no_warning(evaluate, table):
    seen, results = evaluate(table("good", 0.4))
    assert "that are judged chose" not in seen.err
    assert results["models"][0]["chosen"]["judged"] == 0
    assert "makes no calls" not in seen.err


def test_a_model_without_thresholds_is_told_with_the_reason(evaluate, table):
    seen, _ = evaluate(table("late", 0.4, of_parts("test")))
    assert "late makes no calls and is not calibrated, thresholds are none: the model brought" in seen.err
    assert "scored none of the 300 validation images" in seen.err
    assert "given with --threshold late=FILE" in seen.err


def test_what_is_said_at_the_end_is_what_was_judged(evaluate, table):
    seen, _ = evaluate(table("all", 0.4), table("some", 0.4, lambda frame: frame.iloc[:600]))
    assert "2 models on 198 test images of 66 patients" in seen.out


def test_p_values_in_markdown_are_never_nothing(evaluate, table, tmp_path):
    evaluate(table("good", 0.4), table("bad", 3.0))
    text = (tmp_path / "evaluation" / "comparison.md").read_text()
    assert "<0.001" in text
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    places = [place for place, name in enumerate(rows[0]) if name.startswith("p ")]
    assert all(row[place] != "0.000" for row in rows[2:] for place in places)
