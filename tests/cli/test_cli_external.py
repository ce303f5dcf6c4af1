"""External validation by two tables: a cohort that is only a test set, and what vendors hand over."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from cxrtune.cohort.table import CohortTable
from cxrtune.predictions import ModelCard, Predictions

MAP = """\
title: Our hospital
image: File
patient: {column: Patient}
findings: [Effusion, Mass, Fracture]
"""
FINDINGS = ("Effusion", "Mass", "Fracture")
ROWS = 150


@pytest.fixture
def labels():
    random = np.random.default_rng(8)
    patients = np.repeat(np.arange(75), 2)
    table = pd.DataFrame(
        {"File": [f"{n:03}.png" for n in range(ROWS)], "Patient": patients, "Part": "extern"}
    )
    return table.assign(**{finding: random.integers(0, 2, ROWS) for finding in FINDINGS})


@pytest.fixture
def scores(labels):
    random = np.random.default_rng(9)
    noise = random.random((ROWS, 3))
    columns = {f: (labels[f] + 2 * noise[:, i]) / 3 for i, f in enumerate(FINDINGS)}
    return pd.DataFrame({"image": labels["File"], **columns})


@pytest.fixture
def make(cxrtune, tmp_path, labels):
    """Return a function that makes the cohort by a map, without images."""

    def run(split="split: test\n", table=labels, code=0, text=MAP):
        table.to_csv(tmp_path / "labels.csv", index=False)
        (tmp_path / "map.yaml").write_text(text + split)
        seen = cxrtune(
            "cohort", "--csv", tmp_path / "labels.csv", "--map", tmp_path / "map.yaml", "--metadata-only",
            "--out", tmp_path / "cohort.parquet",
        )  # fmt: skip
        assert seen.code == code, seen
        return seen

    return run


@pytest.fixture
def judge(cxrtune, tmp_path):
    """Return a function that evaluates tables by name and gives what was seen, and the results."""

    def run(tables, *options, cohort=tmp_path / "cohort.parquet"):
        given = []
        for name, table in tables.items():
            table.to_csv(tmp_path / f"{name}.csv", index=False)
            given += ["--predictions", f"{name}={tmp_path / f'{name}.csv'}"]
        out = tmp_path / "evaluation"
        seen = cxrtune(
            "evaluate", "--cohort", cohort, *given, *options, "--replicates", 100, "--out", out
        )  # fmt: skip
        return seen, json.loads((out / "results.json").read_text()) if seen.code == 0 else None

    return run


# A cohort that is only a test set


@pytest.mark.parametrize(
    "split",
    [
        "split: test\n",
        "split: {all: test}\n",
        "split: {column: Part, values: {extern: test}}\n",
        "split: {column: Part, values: {extern: test, intern: train}}\n",
        "split: {pattern: '(png)', values: {png: test}}\n",
    ],
)
def test_a_cohort_may_be_only_a_test_set(make, judge, scores, labels, split):
    seen = make(split)
    assert "cohort: train 0, validation 0, test 150; 75 patients; 3 findings" in seen.out
    assert "made here" not in seen.out
    assert (
        "the cohort has no training part: models are judged on it, and none can be trained on it" in seen.err
    )
    assert "no thresholds and no calibration can be chosen on it" in seen.err
    assert "--threshold NAME=FILE" in seen.err
    seen, results = judge({"theirs": scores})
    assert results["judged"] == {"test": ROWS}
    for finding, found in results["models"][0]["findings"].items():
        # Both count pairs, in another order of sums.
        assert found["auroc"] == pytest.approx(roc_auc_score(labels[finding], scores[finding]), abs=1e-12)
    assert (
        "theirs makes no calls and is not calibrated, thresholds are none: the model brought none, and"
        in seen.err
    )
    assert "the cohort has no validation part to choose them on" in seen.err


def test_a_test_set_with_images_beside_it_for_thresholds(make, judge, scores, labels):
    labels["Part"] = np.where(np.arange(ROWS) < 50, "tune", "extern")
    seen = make("split: {column: Part, values: {extern: test, tune: validation}}\n", labels)
    assert "no training part" in seen.err
    assert "no thresholds" not in seen.err
    _, results = judge({"theirs": scores})
    assert results["models"][0]["chosen"] == {
        **dict.fromkeys(("thresholds", "operating_points", "calibration"), "validation"),
        **{"validation_images": 50, "validation_part": 50, "judged": 0},
    }


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("split: train\n", "'test'"),
        ("split: {all: test, column: Part}\n", "give just one of column, pattern, and all: test"),
        ("split: {all: test, values: {a: test}}\n", "all: test needs no values"),
        ("split: {column: Part, values: {extern: validation}}\n", "no value means train or test"),
    ],
)
def test_splits_that_cannot_be_meant(make, split, message):
    assert message in make(split, code=2).refused(2)


def test_a_split_without_a_test_part_is_refused(make):
    seen = make("split: {column: Part, values: {extern: validation, other: test}}\n", code=1)
    assert "the cohort has no test images" in seen.refused()


def test_no_model_is_trained_on_a_test_set(make, cxrtune, tmp_path):
    make()
    seen = cxrtune(
        "run", "--cohort", tmp_path / "cohort.parquet", "--data", tmp_path, "--out", tmp_path / "run",
        "--weights", "random", "--set", "baselines=[]",
    )  # fmt: skip
    assert "has no train and no validation images, so that no model can be trained on it" in seen.refused()


def test_a_table_of_labels_is_no_cohort_and_the_way_is_told(cxrtune, judge, scores, labels, tmp_path):
    labels.to_csv(tmp_path / "labels.csv", index=False)
    seen, _ = judge({"theirs": scores}, cohort=tmp_path / "labels.csv")
    message = seen.refused()
    assert "is no cohort table" in message
    assert "cxrtune cohort --csv FILE --map FILE --metadata-only" in message
    assert "cxrtune stats" in message


def test_images_each_of_its_own_patient_are_called_so(make, judge, scores):
    make()
    assert judge({"theirs": scores})[1]["origin"]["patients"] == "given"
    make(text=MAP.replace("{column: Patient}", "{none: true}"))
    seen, results = judge({"theirs": scores})
    assert results["origin"]["patients"] == "each image"
    assert "1 model on 150 test images whose patients are not given" in seen.out


# Thresholds


def test_given_thresholds_make_the_calls_though_there_is_a_validation_part(
    make, judge, scores, labels, tmp_path
):
    labels["Part"] = np.where(np.arange(ROWS) < 50, "tune", "extern")
    make("split: {column: Part, values: {extern: test, tune: validation}}\n", labels)
    (tmp_path / "vendor.csv").write_text("Finding;Threshold\nMass;0,6\neffusion;0,3\nHernia;0,1\n")
    seen, results = judge({"theirs": scores}, "--threshold", f"theirs={tmp_path / 'vendor.csv'}")
    (model,) = results["models"]
    assert model["threshold_rule"] == "given by the user (vendor.csv)"
    assert (model["chosen"]["thresholds"], model["chosen"]["calibration"]) == ("user", "none")
    assert not any(model["operating_points"].values())
    test = labels["Part"] == "extern"
    for finding, threshold in (("Mass", 0.6), ("Effusion", 0.3)):
        called = scores[finding][test] >= threshold
        assert model["findings"][finding]["called"] == called.sum()
        assert model["findings"][finding]["recall"] == called[labels[finding][test] == 1].mean()
    assert model["findings"]["Fracture"]["threshold"] is None
    assert "theirs makes no calls of Fracture: the user gave no threshold" in seen.err
    assert "the thresholds of Hernia are not used" in seen.err


def test_given_thresholds_overrule_those_of_the_model_and_leave_the_rest(
    make, labels, scores, cxrtune, tmp_path
):
    make()
    point = {"threshold": 0.45, "sensitivity": 0.8, "specificity": 0.8}
    calibration = {"method": "platt", "prevalence": 0.3, "slope": 1.0, "offset": 0.0}
    card = ModelCard(
        "m", "", "Youden", dict.fromkeys(FINDINGS, 0.45), {"youden": dict.fromkeys(FINDINGS, point)},
        dict.fromkeys(FINDINGS, calibration),
    )  # fmt: skip
    names = labels["File"].to_numpy(dtype=object)
    nobody = np.full(ROWS, None, dtype=object)
    Predictions(names, nobody, FINDINGS, scores[list(FINDINGS)].to_numpy(), card).write(
        tmp_path / "m.parquet"
    )
    seen = cxrtune(
        "evaluate", "--cohort", tmp_path / "cohort.parquet", "--predictions", f"m={tmp_path / 'm.parquet'}",
        "--threshold", "m=0.7", "--replicates", 100, "--out", tmp_path / "e",
    )  # fmt: skip
    assert seen.code == 0, seen
    (model,) = json.loads((tmp_path / "e" / "results.json").read_text())["models"]
    assert {found["threshold"] for found in model["findings"].values()} == {0.7}
    assert {point["threshold"] for point in model["operating_points"]["youden"].values()} == {0.45}
    assert model["chosen"]["calibration"] == "model"


def test_a_threshold_of_a_model_that_is_not_there(make, judge, scores):
    make()
    seen, _ = judge({"theirs": scores}, "--threshold", "other=0.5")
    assert "thresholds are given of other, whose predictions are not" in seen.refused(2)


# What columns are called


@pytest.mark.parametrize("name", ["Image Index", "Path", "dicom_id", "ImageID", "image_id", "file name"])
def test_the_column_of_images_may_have_another_data_sets_name(make, judge, scores, name):
    make()
    seen, results = judge({"theirs": scores.rename(columns={"image": name})})
    assert results["models"][0]["not_scored"] == 0
    assert (f"column '{name}' is taken for the images' names" in seen.err) == (name != "Image Index")


def test_the_column_of_images_can_be_named_for_all_and_for_one(make, judge, scores):
    make()
    tables = {"a": scores.rename(columns={"image": "Bild"}), "b": scores}
    assert "has no column 'image'; its columns are Bild" in judge(tables)[0].refused()
    seen, results = judge(tables, "--image-column", "a=Bild")
    assert [model["not_scored"] for model in results["models"]] == [0, 0]
    assert "is taken for" not in seen.err
    message = judge(tables, "--image-column", "Bild")[0].refused()
    assert "b.csv: has no column 'Bild'" in message
    assert "--image-column NAME=COLUMN" in message
    _, results = judge(tables, "--image-column", "Bild", "--image-column", "b=image")
    assert [model["not_scored"] for model in results["models"]] == [0, 0]
    twice = judge(tables, "--image-column", "Bild", "--image-column", "image")[0]
    assert "names the column of all tables twice" in twice.refused(2)


def test_two_columns_that_may_name_the_images_are_refused(make, judge, scores):
    make()
    table = scores.rename(columns={"image": "Path"}).assign(filename="x")
    assert "has 2 columns that may name the images: Path, filename" in judge({"a": table})[0].refused()


@pytest.mark.parametrize(
    ("before", "after"),
    [("prob_", ""), ("", "_score"), ("Model 1 (", ")"), ("", " [%/100]"), ("cxr.p.", ".v2")],
)
def test_what_stands_around_all_findings_is_found_and_told(make, judge, scores, labels, before, after):
    make()
    names = {finding: f"{before}{finding}{after}" for finding in FINDINGS}
    seen, results = judge({"theirs": scores.rename(columns=names)})
    for finding, found in results["models"][0]["findings"].items():
        assert found["auroc"] == pytest.approx(roc_auc_score(labels[finding], scores[finding]), abs=1e-12)
    told = [line for line in seen.err.splitlines() if "columns are read as" in line]
    assert told == [f"warning: evaluate: theirs.csv: columns are read as '{before}FINDING{after}'"]


def test_two_things_that_all_columns_share_are_refused_unless_one_is_named(make, judge, scores, labels):
    make()
    named = {f"raw_{finding}": scores[finding] for finding in FINDINGS}
    named |= {f"{finding}_cal": scores[finding] ** 2 for finding in FINDINGS}
    table = pd.DataFrame({"image": scores["image"], **named})
    message = judge({"theirs": table})[0].refused()
    assert "has several columns for 3 of the findings, such as raw_Effusion, Effusion_cal" in message
    assert "--column-prefix 'raw_'" in message
    _, results = judge({"theirs": table}, "--column-suffix", "_cal")
    assert results["models"][0]["findings"]["Mass"]["auroc"] is not None


def test_columns_of_labels_are_not_taken_for_scores(make, judge, scores, labels):
    make()
    named = {f"label_{finding}": labels[finding] for finding in FINDINGS}
    named |= {f"p_{finding}": scores[finding] for finding in FINDINGS}
    seen, results = judge({"theirs": pd.DataFrame({"image": scores["image"], **named})})
    assert "columns are read as 'p_FINDING'" in seen.err
    assert results["models"][0]["findings"]["Mass"]["auroc"] < 1


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (lambda values: 100 * values, "If these are per cent, divide by 100"),
        (
            lambda values: np.log(values / (1.0001 - values)),
            "If these are logits, apply the logistic function",
        ),
    ],
)
def test_scores_on_another_scale_are_refused_with_the_way_out(make, judge, scores, change, remedy):
    make()
    scores["Mass"] = change(scores["Mass"].clip(0.01, 0.99))
    message = judge({"theirs": scores})[0].refused()
    assert "column 'Mass' holds " in message
    assert remedy in message


# Findings that differ, in either direction


def test_findings_that_only_one_side_has_are_named_and_the_others_judged(make, judge, scores, labels):
    make()
    theirs = scores.drop(columns="Fracture").assign(Hernia=0.5, Edema=0.5)
    seen, results = judge({"ours": scores, "theirs": theirs}, "--prevalence", "Fracture=0.1")
    assert "theirs has no scores of Fracture" in seen.err
    assert "theirs knows Hernia, Edema, of which the cohort has no labels" in seen.err
    assert results["findings"] == list(FINDINGS)
    assert set(results["comparisons"][0]["findings"]) == {"Effusion", "Mass"}
    assert results["models"][1]["findings"]["Fracture"]["auroc"] is None
    assert results["models"][0]["findings"]["Fracture"]["auroc"] is not None


def test_a_models_own_table_is_judged_though_its_findings_and_the_cohorts_differ(
    small_run, cxrtune, tmp_path
):
    """The run's own table, with its thresholds, rules and calibration, by the command; then the page."""
    cohort = pd.read_parquet(small_run / "cohort.parquet")
    findings = list(cohort.columns[7:])
    seen = cxrtune(
        "predict", small_run, "--cohort", small_run / "cohort.parquet", "--pack", small_run / "pack",
        "--out", tmp_path / "own.parquet",
    )  # fmt: skip
    assert seen.code == 0, seen
    # Lacks two of the model's findings, and has one that the model does not know.
    other = cohort.drop(columns=findings[:2]).assign(split="test")
    other["Fracture"] = pd.array(np.arange(len(other)) % 2, dtype="Int8")
    CohortTable(other).write(tmp_path / "other.parquet")
    seen = cxrtune(
        "evaluate", "--cohort", tmp_path / "other.parquet",
        "--predictions", f"ours={tmp_path / 'own.parquet'}",
        "--replicates", 100, "--out", tmp_path / "e",
    )  # fmt: skip
    assert seen.code == 0, seen
    known = [finding for finding in findings[:2] if f"{finding}" in seen.err]
    assert known, seen.err
    assert "ours has no scores of Fracture" in seen.err
    (model,) = json.loads((tmp_path / "e" / "results.json").read_text())["models"]
    assert set(model["findings"]) == {*findings[2:], "Fracture"}
    for points in model["operating_points"].values():
        assert set(points) <= set(findings[2:])
    assert cxrtune("report", "--evaluation", tmp_path / "e", "--out", tmp_path / "r").code == 0


# Careless tables


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: pd.concat([t, t.head(1)]), "names the image 000.png more than once, in row 152 again"),
        (lambda t: t.assign(image=[None, *t["image"][1:]]), "has no image name in row 2"),
        (lambda t: t.assign(Effusion=None, Mass=None, Fracture=None), "score none of the 150 test images"),
    ],
)
def test_tables_that_are_not_what_they_should_be(make, judge, scores, change, message):
    make()
    assert message in judge({"theirs": change(scores)})[0].refused()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(Patient=""), "150 images have no patient by column 'Patient', 000.png for one"),
        (
            lambda t: t.assign(Patient=[None, *t["Patient"][1:]]),
            "1 images have no patient by column 'Patient'",
        ),
        (lambda t: pd.concat([t, t.head(1)]), "names 1 images more than once, 000.png for one"),
        (
            lambda t: t.assign(Mass="maybe"),
            "column 'Mass' holds 'maybe' in row 2, which the map does not know",
        ),
    ],
)
def test_labels_that_are_not_what_they_should_be(make, labels, change, message):
    assert message in make(table=change(labels), code=1).refused()


def test_missing_labels_and_scores_are_counted(make, judge, labels, scores):
    labels.loc[:9, "Mass"] = np.nan
    seen = make(table=labels.assign(Effusion=""))
    assert "nothing is known of Effusion in any image" in seen.err
    scores.loc[20:24, list(FINDINGS)] = np.nan
    seen, results = judge({"theirs": scores})
    assert "5 of 150 test images have no score of theirs" in seen.err
    found = results["models"][0]["findings"]
    assert found["Mass"]["support"] + found["Mass"]["negatives"] == ROWS - 15
    assert found["Effusion"]["auroc"] is None
