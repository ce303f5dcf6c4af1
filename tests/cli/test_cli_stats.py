"""`cxrtune stats`: one table with labels and scores, as people have it, and what is said of it."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

ROWS = 240


@pytest.fixture
def frame():
    """A table of 240 images of 120 patients, two findings, and five models."""
    random = np.random.default_rng(3)
    patients = np.repeat(np.arange(120), 2)
    ill = random.random((120, 2))[patients] < 0.4
    table = pd.DataFrame(
        {
            "id": [f"P{patient:03}" for patient in patients],
            "file": [f"{row}.png" for row in range(ROWS)],
            "sex": np.where(patients % 2, "female", "m"),
            "age": [f"{30 + patient % 50:03}Y" for patient in patients],
            "Effusion": ill[:, 0].astype(int),
            "Mass": ill[:, 1].astype(int),
        }
    )
    for place, model in enumerate("abcde"):
        logits = 2 * ill - 1 + (0.6 + place) * random.normal(size=(ROWS, 2))
        for column, finding in enumerate(("Effusion", "Mass")):
            table[f"{finding}_{model}"] = 1 / (1 + np.exp(-logits[:, column]))
    return table


@pytest.fixture
def judge(cxrtune, tmp_path):
    """Return a function that writes a table, judges it, and gives what was seen and the results."""

    def run(table, *options, name="table.csv", patient=("--patient", "id")):
        path = tmp_path / name
        if isinstance(table, bytes):
            path.write_bytes(table)
        elif name.endswith(".parquet"):
            table.to_parquet(path)
        elif name.endswith(".jsonl"):
            table.to_json(path, orient="records", lines=True, double_precision=15)
        else:
            table.to_csv(path, index=False)
        out = tmp_path / "out"
        seen = cxrtune("stats", path, *patient, *options, "--replicates", 100, "--out", out)
        file = out / "evaluation" / "results.json"
        return seen, json.loads(file.read_text()) if seen.code == 0 else None

    return run


ONE = ("--label", "Effusion", "--score", "a=Effusion_a")
TWO = (*ONE, "--score", "b=Effusion_b")
BOTH = ("--label", "Effusion", "--label", "Mass", "--score", "a={finding}_a", "--score", "b={finding}_b")


def areas(table, results):
    """Check every AUROC against scikit-learn's; both count pairs, in another order of sums."""
    for model in results["models"]:
        for finding, found in model["findings"].items():
            known = table[finding].notna() & table[f"{finding}_{model['name']}"].notna()
            expected = roc_auc_score(table[finding][known], table[f"{finding}_{model['name']}"][known])
            assert found["auroc"] == pytest.approx(expected, abs=1e-12)


def test_one_model_is_judged_on_every_row(frame, judge, tmp_path):
    seen, results = judge(frame, *ONE)
    areas(frame, results)
    assert results["judged"] == {"test": ROWS}
    assert [part["split"] for part in results["cohort"]] == ["test"]
    assert "every row of table.csv is judged: 1 model on 240 test images of 120 patients" in seen.out
    found = results["models"][0]["findings"]["Effusion"]
    said = f"{found['auroc']:.3f} ({found['intervals']['auroc']['low']:.3f} to "
    assert said in next(line for line in seen.out.splitlines() if "Effusion" in line)
    page = (tmp_path / "out" / "report" / "index.html").read_text()
    assert "240 images of 120 patients in the test part" in page
    for text in ("NIH", "Training used", "validation part, which chose"):
        assert text not in page
    assert (tmp_path / "out" / "evaluation" / "auroc.csv").is_file()


def test_two_models_have_their_difference_and_verdict_on_the_console(frame, judge):
    seen, results = judge(frame, *TWO)
    (pair,) = results["comparisons"]
    found = pair["findings"]["Effusion"]
    row = next(line for line in seen.out.splitlines() if "a less b" in line)
    assert f"{found['difference']:+.3f} ({found['interval_holm']['low']:+.3f} to " in row
    assert row.split("│")[-2].strip() == found["verdict"] == "higher"
    assert "95 % interval" in seen.out


def test_five_models_are_compared_in_pairs(frame, judge):
    scores = [part for name in "abcde" for part in ("--score", f"{name}=Effusion_{name}")]
    seen, results = judge(frame, "--label", "Effusion", *scores)
    areas(frame, results)
    assert len(results["comparisons"]) == 10
    assert "a less e" in seen.out


def test_several_findings_take_a_pattern(frame, judge):
    _, results = judge(frame, *BOTH, "--image", "file", "--sex", "sex", "--age", "age")
    areas(frame, results)
    assert results["findings"] == ["Effusion", "Mass"]
    assert {attribute["name"] for attribute in results["attributes"]} == {"Sex", "Age"}
    assert results["examples"][0]["image"].endswith(".png")


def test_a_finding_may_be_called_otherwise_than_its_column(frame, judge):
    renamed = frame.rename(columns={"Effusion": "Erguss (0/1)"})
    _, results = judge(renamed, "--label", "Effusion=Erguss (0/1)", "--score", "a=EFFUSION_A")
    areas(frame, results)


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl"])
def test_other_formats_give_the_same(frame, judge, name):
    _, results = judge(frame, *BOTH, name=name)
    # JSON lines keep fifteen decimals.
    areas(frame, results)


@pytest.mark.parametrize(
    "content",
    [
        lambda table: table.to_csv(index=False, sep=";", decimal=",").encode("utf-16"),
        lambda table: ("sep=\t\r\n" + table.to_csv(index=False, sep="\t", lineterminator="\r\n")).encode(),
        lambda table: table.rename(columns={"id": "idé"}).to_csv(index=False).encode("latin-1"),
    ],
)
def test_a_spreadsheets_table_is_read(frame, judge, content):
    written = content(frame)
    patient = ("--patient", "idé") if b"id\xe9" in written else ("--patient", "id")
    _, results = judge(written, *ONE, patient=patient)
    areas(frame, results)


def test_a_number_and_a_file_of_thresholds_make_the_calls(frame, judge, tmp_path):
    file = tmp_path / "given.json"
    file.write_text('{"effusion": 0.7, "Hernia": 0.2}')
    seen, results = judge(frame, *BOTH, "--threshold", "a=0.4", "--threshold", f"b={file}")
    first, second = results["models"]
    for model, finding, threshold in (
        (first, "Effusion", 0.4),
        (first, "Mass", 0.4),
        (second, "Effusion", 0.7),
    ):
        called = frame[f"{finding}_{model['name']}"] >= threshold
        assert model["findings"][finding]["called"] == called.sum()
        assert model["findings"][finding]["specificity"] == (~called)[frame[finding] == 0].mean()
    assert (first["threshold_rule"], second["threshold_rule"]) == (
        "given by the user (0.4)",
        "given by the user (given.json)",
    )
    assert second["findings"]["Mass"]["threshold"] is None
    assert "b makes no calls of Mass: the user gave no threshold" in seen.err
    assert "given.json: the thresholds of Hernia are not used" in seen.err
    page = (tmp_path / "out" / "report" / "index.html").read_text()
    assert "iven by the user (0.4). On which images they were chosen is not known to this report." in page


def test_without_thresholds_there_are_no_calls_and_the_reason_and_the_way_out_are_told(
    frame, judge, tmp_path
):
    seen, results = judge(frame, *ONE)
    reason = "none: the model brought none, and the cohort has no validation part to choose them on"
    assert f"a makes no calls and is not calibrated, thresholds are {reason}" in seen.err
    assert "--threshold a=FILE" in seen.err
    assert results["models"][0]["findings"]["Effusion"]["recall"] is None
    page = (tmp_path / "out" / "report" / "index.html").read_text()
    assert "<code>thresholds</code> a=FILE" in page


def test_predictive_values_at_a_stated_prevalence(frame, judge):
    _, results = judge(frame, *ONE, "--threshold", "a=0.5", "--prevalence", "Effusion=0.1")
    model = results["models"][0]
    found, stated = model["findings"]["Effusion"], model["prevalence"]["Effusion"]
    hit, false = 0.1 * found["recall"], 0.9 * (1 - found["specificity"])
    assert stated["positive_predictive_value"] == pytest.approx(hit / (hit + false))


def test_rows_that_are_said_to_be_independent_are_called_so(frame, judge, tmp_path):
    seen, results = judge(frame, *ONE, patient=("--independent",))
    assert results["origin"]["patients"] == "each image"
    assert results["shared_patients"] == ROWS
    assert "each row is taken for one of a patient of its own" in seen.err
    assert "1 model on 240 test images whose patients are not given" in seen.out
    page = (tmp_path / "out" / "report" / "index.html").read_text()
    assert "240 images (each taken for one of a patient of its own)" in page
    assert "patients not given" in page.split('id="summary"')[0]


def test_a_second_time_it_is_kept_and_shown(frame, judge):
    judge(frame, *ONE)
    seen, _ = judge(frame, *ONE)
    assert "inputs and settings are unchanged" in seen.out
    assert "AUROC (95 % interval)" in seen.out


# What cannot be meant


@pytest.mark.parametrize(
    ("options", "patient", "message"),
    [
        (ONE, (), "no column of patients is given"),
        (ONE, ("--patient", "id", "--independent"), "both --patient and --independent are given"),
        (
            ("--label", "Effusion", "--label", "Mass", "--score", "a=Effusion_a"),
            None,
            "with 2 findings, a needs",
        ),
        (("--label", "Effusion", "--score", "Effusion_a"), None, "'Effusion_a' is no NAME=COLUMN"),
        ((*ONE, "--score", "a=Effusion_b"), None, "--score names 'a' twice"),
        ((*ONE, "--label", "Effusion"), None, "--label names 'Effusion' twice"),
        (("--label", "Effusion", "--score", "positives=Effusion_a"), None, "a model cannot be called"),
        (("--label", "age", "--score", "a=Effusion_a"), None, "'age' cannot be the name of a finding"),
        ((*ONE, "--threshold", "z=0.5"), None, "thresholds are given of z, whose predictions are not"),
        (
            (*ONE, "--threshold", "a=50"),
            None,
            "the threshold of a is 50; scores and thresholds lie in [0, 1]",
        ),
        ((*ONE, "--prevalence", "Mass=0.1"), None, "a prevalence is stated for 'Mass'"),
    ],
)
def test_options_that_cannot_be_meant(frame, judge, options, patient, message):
    seen, _ = judge(frame, *options, patient=("--patient", "id") if patient is None else patient)
    assert message in seen.refused(2)


def changed(column, row, value):
    """Put something into a cell."""

    def change(table):
        table[column] = table[column].astype("object")
        table.loc[row, column] = value
        return table

    return change


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (changed("id", 5, ""), ONE, "1 of 240 rows name no patient in column 'id', row 7 for one"),
        (changed("id", slice(None), "NA"), ONE, "240 of 240 rows name no patient"),
        (changed("Effusion", 3, "2"), ONE, "column 'Effusion' holds '2' in row 5, which is no label"),
        (changed("Effusion", 3, "-1"), ONE, "column 'Effusion' holds '-1' in row 5, which is no label"),
        (changed("Effusion", slice(None), ""), ONE, "has no label of Effusion in any row"),
        (changed("Effusion_a", 3, "high"), ONE, "'high' in row 5, which is no number"),
        (changed("Effusion_a", 3, 71.5), ONE, "If these are per cent, divide by 100"),
        (changed("Effusion_a", 3, -4.2), ONE, "If these are logits, apply the logistic function first"),
        (changed("Effusion_a", slice(None), ""), ONE, "has no score of a in any row"),
        (changed("file", 3, "2.png"), (*ONE, "--image", "file"), "image 2.png more than once, in row 5"),
        (changed("file", 3, ""), (*ONE, "--image", "file"), "has no image name in row 5"),
        (lambda t: t.drop(columns="id"), ONE, "has no column 'id'"),
        (lambda t: t.drop(columns="Effusion_a"), ONE, "has no column 'Effusion_a'"),
        (lambda t: t.head(0), ONE, "has no rows below its header"),
        (lambda t: t, ("--label", "Effusion", "--score", "a=Effusion"), "as a label and as the scores of a"),
        (lambda t: t, (*BOTH, "--score", "z={finding}_z"), "'Effusion_z' or 'Mass_z' with scores of z"),
    ],
)  # fmt: skip
def test_tables_that_are_not_what_they_should_be(frame, judge, change, options, message):
    seen, _ = judge(change(frame), *options)
    assert message in " ".join(seen.refused().split())


@pytest.mark.parametrize(
    ("text", "suffix", "message"),
    [
        ("finding,threshold\nMass,0.5\n", "csv", "has no threshold for any of the findings: it has Mass"),
        ("finding,threshold\nEffusion,0.5\nEffusion,0.6\n", "csv", "has two thresholds for 'Effusion'"),
        ("finding,threshold\nEffusion,0.5\npleural effusion,0.6\n", "csv", ""),
        ("finding,threshold\nEffusion,0.5\neffusion,0.6\n", "csv", ""),
        (
            "finding,threshold\nEffusion,50\n",
            "csv",
            "the threshold of 'Effusion' is '50', which is no number in",
        ),
        ("finding,cut\nEffusion,0.5\n", "csv", "has no column 'threshold'"),
        ("{", "json", "is no JSON"),
        ("3", "json", "is no object of findings and thresholds"),
        ('{"Effusion": 0.5, "Effusion": 0.6}', "json", "has two thresholds for 'Effusion'"),
        ('[{"finding": "Effusion"}]', "json", "has a part without finding and threshold"),
        ('{"Effusion": null}', "json", "is 'None', which is no number"),
        (None, "csv", "cannot be read: no such file"),
    ],
)
def test_files_of_thresholds_that_are_none(frame, judge, tmp_path, text, suffix, message):
    file = tmp_path / f"given.{suffix}"
    if text is not None:
        file.write_text(text)
    seen, _ = judge(frame, *ONE, "--threshold", f"a={file}")
    if message:
        assert f"given.{suffix}: {message}" in seen.refused() or message in seen.refused()
    else:
        # The finding's own name goes before other ways to write it.
        assert "are not used" in seen.err


# What is told


def test_missing_labels_and_scores_are_told_and_left_out(frame, judge):
    frame["Effusion"] = frame["Effusion"].astype("Int64")
    frame.loc[:9, "Effusion"] = None
    frame.loc[20:24, "Effusion_a"] = None
    seen, results = judge(frame, *TWO)
    assert "10 of 240 rows have no label of Effusion and are left out of it" in seen.err
    assert "5 of 240 test images have no score of a" in seen.err
    assert "235 of 240 test images were scored by every model" in seen.err
    rest = frame[frame["Effusion"].notna() & frame["Effusion_a"].notna()]
    areas(rest, results)


def test_labels_of_one_class_are_told(frame, judge):
    seen, results = judge(frame.assign(Mass=0), *BOTH)
    assert "all labels of Mass are negative: its AUROC is undefined" in seen.err
    assert results["models"][0]["findings"]["Mass"]["auroc"] is None
    assert "undefined" in seen.out


def test_a_finding_that_one_model_does_not_score_is_told(frame, judge):
    seen, results = judge(frame.drop(columns="Mass_b"), *BOTH)
    assert "table.csv has no column with scores of b for Mass" in seen.err
    assert list(results["comparisons"][0]["findings"]) == ["Effusion"]


def test_patients_written_in_two_ways_are_one_and_told(frame, judge):
    frame.loc[1, "id"] = "p0"
    seen, results = judge(frame, *ONE)
    assert "1 patients are written in more than one way" in seen.err
    assert results["shared_patients"] == 120


def test_cells_that_are_no_sex_or_age_are_told(frame, judge):
    frame.loc[0, ["sex", "age"]] = ["x", "old"]
    seen, _ = judge(frame, *ONE, "--sex", "sex", "--age", "age")
    assert "1 sexes are not read and taken as not known, 'x' in row 2 for one" in seen.err
    assert "1 ages are not read and taken as not known, 'old' in row 2 for one" in seen.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: t.assign(Effusion_a=1 - t["Effusion_a"]),
            "AUROC below chance: a on Effusion (",
        ),
        (
            lambda t: t.assign(Effusion_a=(t["Effusion_a"] > 0.5).astype(int)),
            "Every score of a is 0 or 1: are these calls, or labels, and no scores?",
        ),
        (
            lambda t: pd.concat([t, t.head(20).assign(id=[f"again{n}" for n in range(20)])]),
            "40 of the 260 images judged have exactly the scores of another patient's image",
        ),
        (
            lambda t: t.assign(id=np.where(np.arange(ROWS) < 60, "one", t["id"])),
            "One patient has 60 of the 240 images judged (25.0 %)",
        ),
    ],
)
def test_what_is_probably_not_meant_is_told(frame, judge, change, message):
    seen, _ = judge(change(frame), *ONE)
    assert message in seen.err


def test_a_primary_endpoint_and_a_margin_are_tested(frame, judge):
    _, results = judge(frame, *BOTH, "--primary", "Mass", "--margin", "0.2")
    (pair,) = results["comparisons"]
    mass, effusion = pair["findings"]["Mass"], pair["findings"]["Effusion"]
    assert (results["primary"], mass["primary"], effusion["primary"]) == ("Mass", True, False)
    assert mass["p_holm"] == mass["p_patients"]
    for one in (mass, effusion, pair["macro"]):
        assert one["noninferior"] == (one["p_noninferior"] <= 0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--primary", "Edema"), "the primary endpoint is Edema, which is no finding of the cohort"),
        (("--margin", "1.5"), "the margin of non-inferiority is 1.5; it must lie between 0 and 1"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(frame, judge, options, message):
    seen, _ = judge(frame, *BOTH, *options)
    assert message in " ".join(seen.refused().split())


def test_nothing_is_doubted_without_a_reason(frame, judge):
    # Scores of two decimals are alike by chance, and images of one patient may be alike.
    frame["Effusion_b"] = frame["Effusion_b"].round(2)
    frame["Effusion_a"] = frame["Effusion_a"].where(frame.index % 2 == 0, frame["Effusion_a"].shift())
    seen, _ = judge(frame, *TWO)
    for text in ("exactly the scores", "is 0 or 1", "below chance", "One patient has"):
        assert text not in seen.err
