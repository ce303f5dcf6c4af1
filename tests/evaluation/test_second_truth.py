"""Scores against radiologists' labels: the shipped table, and the rule that maps our findings to theirs."""

import numpy as np
import pandas as pd
import pytest
from made_up import ground_of, made_up_cohort, made_up_scores
from sklearn.metrics import roc_auc_score

from cxrtune.cohort.shipped import (
    ADJUDICATED,
    ADJUDICATED_FINDINGS,
    ADJUDICATED_NAME,
    ADJUDICATED_SOURCE,
    read_adjudicated,
    shipped_table,
)
from cxrtune.errors import DataError
from cxrtune.evaluation.evaluate import Supplements, evaluate
from cxrtune.evaluation.second_truth import OtherLabels, evaluate_second_truth
from cxrtune.evaluation.statistics.auroc_interval import auroc_interval

OURS = ("Mass", "Nodule", "Pneumothorax", "Effusion")
COVERS = {"Pneumothorax": ("Pneumothorax",), "Nodule or mass": ("Nodule", "Mass"), "Fracture": ("Fracture",)}
AREA = "Nodule or mass"


@pytest.fixture
def cohort_of_four():
    """240 images of 80 patients."""
    random = np.random.default_rng(0)
    return made_up_cohort({finding: random.random(240) < 0.3 for finding in OURS}, np.arange(240) // 3)


@pytest.fixture
def scores(cohort_of_four):
    return {"a": made_up_scores(cohort_of_four, 1), "b": made_up_scores(cohort_of_four, 2)}


@pytest.fixture
def theirs(cohort_of_four):
    """Labels of the first 150 images in another order, and of one that is not in the cohort."""
    random = np.random.default_rng(3)
    frame = cohort_of_four.frame[:150]
    either = frame["Nodule"].astype(bool) | frame["Mass"].astype(bool)
    labels = pd.DataFrame({name: pd.array(random.integers(2, size=150), dtype="Int8") for name in COVERS})
    labels[AREA] = (either.to_numpy() ^ (random.random(150) < 0.1)).astype(int)
    labels[AREA] = labels[AREA].astype("Int8")
    labels.index = frame["image"]
    labels.loc["elsewhere.png"] = 1
    return labels.sample(frac=1, random_state=0)


def other(labels):
    return OtherLabels("adjudicated", "a paper", "labels.csv", "0" * 64, labels, COVERS)


def truth_of(theirs, cohort, rows):
    return theirs[AREA].reindex(cohort.images[rows]).to_numpy(dtype=int)


# The shipped table


def test_the_shipped_table_has_4376_images_each_labelled():
    table = read_adjudicated(shipped_table(ADJUDICATED))
    assert len(table) == 4376
    assert table.index.is_unique
    assert table.notna().all(axis=None)
    assert list(table.columns) == list(ADJUDICATED_FINDINGS)


def test_the_shipped_table_is_read_as_it_stands():
    raw = pd.read_csv(shipped_table(ADJUDICATED)).set_index("Image Index")
    table = read_adjudicated(shipped_table(ADJUDICATED))
    for finding in ADJUDICATED_FINDINGS:
        assert ((raw[finding] == "YES") == (table[finding] == 1)).all()
        assert set(raw[finding]) == {"YES", "NO"}


def test_another_file_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("image,label\na.png,1\n")
    with pytest.raises(DataError, match="has no column 'Image Index'"):
        read_adjudicated(tmp_path / "x.csv")


# The evaluation


def test_the_highest_of_our_findings_is_the_score(cohort_of_four, scores, theirs):
    found = evaluate_second_truth(ground_of(cohort_of_four, scores), other(theirs)).findings[AREA]
    truth = truth_of(theirs, cohort_of_four, np.arange(150))
    assert found.ours == ["Nodule", "Mass"]
    assert (found.positives, found.negatives) == (truth.sum(), 150 - truth.sum())
    for model in ("a", "b"):
        highest = np.maximum(scores[model][:150, 0], scores[model][:150, 1])
        assert found.models[model].auroc == pytest.approx(roc_auc_score(truth, highest), abs=1e-12)


def test_the_interval_is_that_of_the_highest_score(cohort_of_four, scores, theirs):
    ground = ground_of(cohort_of_four, scores)
    found = evaluate_second_truth(ground, other(theirs)).findings[AREA].models["a"].intervals["auroc"]
    truth, highest = truth_of(theirs, cohort_of_four, np.arange(150)), scores["a"][:, :2].max(axis=1)
    expected = auroc_interval(truth == 1, highest[:150], ground.resamples.codes[:150])
    assert (found.low, found.high) == expected


def test_images_that_they_did_not_label_are_left_out(cohort_of_four, scores, theirs):
    found = evaluate_second_truth(ground_of(cohort_of_four, scores), other(theirs))
    assert (found.images, found.patients) == (150, 50)
    assert (found.name, found.source, found.file) == ("adjudicated", "a paper", "labels.csv")


def test_a_label_that_they_left_open_is_left_out(cohort_of_four, scores, theirs):
    theirs.loc[cohort_of_four.images[:10], AREA] = pd.NA
    found = evaluate_second_truth(ground_of(cohort_of_four, scores), other(theirs)).findings[AREA]
    assert found.positives + found.negatives == 140
    truth = truth_of(theirs.dropna(), cohort_of_four, np.arange(10, 150))
    expected = roc_auc_score(truth, scores["a"][10:150, :2].max(axis=1))
    assert found.models["a"].auroc == pytest.approx(expected, abs=1e-12)


def test_a_finding_that_we_do_not_have_is_left_out(cohort_of_four, scores, theirs):
    found = evaluate_second_truth(ground_of(cohort_of_four, scores), other(theirs))
    assert set(found.findings) == {"Pneumothorax", AREA}


def test_a_model_with_one_of_two_findings_is_judged_by_that_one(cohort_of_four, scores, theirs):
    scores["b"][:, 1] = np.nan
    found = evaluate_second_truth(ground_of(cohort_of_four, scores), other(theirs)).findings[AREA].models
    truth = truth_of(theirs, cohort_of_four, np.arange(150))
    assert found["b"].auroc == pytest.approx(roc_auc_score(truth, scores["b"][:150, 0]), abs=1e-12)
    assert found["a"].auroc == pytest.approx(
        roc_auc_score(truth, scores["a"][:150, :2].max(axis=1)), abs=1e-12
    )


def test_a_model_with_none_of_the_findings_is_not_judged(cohort_of_four, scores, theirs):
    scores["b"][:, :2] = np.nan
    found = evaluate_second_truth(ground_of(cohort_of_four, scores), other(theirs)).findings[AREA]
    assert set(found.models) == {"a"}


def test_an_image_is_judged_also_where_our_own_label_is_not_known(cohort_of_four, scores, theirs):
    cohort_of_four.frame.loc[:4, "Mass"] = pd.NA
    found = evaluate_second_truth(ground_of(cohort_of_four, scores), other(theirs)).findings[AREA]
    assert found.positives + found.negatives == 150


def test_a_score_that_one_model_lacks_drops_the_image_for_all(cohort_of_four, scores, theirs):
    scores["b"][3, 0] = np.nan
    found = evaluate_second_truth(ground_of(cohort_of_four, scores), other(theirs)).findings[AREA]
    assert found.positives + found.negatives == 149
    rows = np.delete(np.arange(150), 3)
    expected = roc_auc_score(truth_of(theirs, cohort_of_four, rows), scores["a"][rows, :2].max(axis=1))
    assert found.models["a"].auroc == pytest.approx(expected, abs=1e-12)


def test_labels_of_other_images_say_nothing(cohort_of_four, scores, theirs):
    assert (
        evaluate_second_truth(ground_of(cohort_of_four, scores), other(theirs.loc[["elsewhere.png"]])) is None
    )


def test_the_evaluation_reports_it(cohort, predictions):
    labels = pd.DataFrame({"Nodule or mass": pd.array([1, 0, 1], dtype="Int8")}, index=cohort.images[60:63])
    truth = OtherLabels(
        ADJUDICATED_NAME, ADJUDICATED_SOURCE, "f", "0" * 64, labels, {"Nodule or mass": ("Nodule", "Mass")}
    )
    (found,) = evaluate(
        cohort, {"a": predictions}, beside=Supplements(other_labels=[truth])
    ).results.second_truths
    assert (found.name, found.images) == (ADJUDICATED_NAME, 3)
    assert found.findings["Nodule or mass"].ours == ["Mass"]
