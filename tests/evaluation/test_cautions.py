"""Careless input: each oddity is found where it is, and only there."""

import numpy as np
import pytest
from made_up import made_up_cohort, made_up_scores
from sklearn.metrics import roc_auc_score

from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.predictions import ModelCard, Predictions

FINDINGS = ("Effusion", "Mass")
IMAGES = 240


def labels(**changes):
    random = np.random.default_rng(3)
    made = {finding: random.random(IMAGES) < 0.3 for finding in FINDINGS}
    return {finding: list(values) for finding, values in (made | changes).items()}


def table(cohort, scores, keep=slice(None)):
    card = ModelCard(title="a model", origin="made up")
    return Predictions(cohort.images[keep], cohort.patients[keep], cohort.findings, scores[keep], card)


def found_in(cohort, scores=None, keep=slice(None)):
    """The results, and their cautions by kind."""
    scores = fine(cohort) if scores is None else scores
    results = evaluate(cohort, {"a": table(cohort, scores, keep)}, EvaluationSettings(replicates=150)).results
    kinds = {}
    for caution in results.cautions:
        kinds.setdefault(caution.kind, []).append(caution)
    return results, kinds


def fine(cohort):
    """Scores of which no two are the same."""
    return made_up_scores(cohort, 1) * 0.99 + np.random.default_rng(2).random((len(cohort), 2)) * 0.01


@pytest.fixture
def patients():
    """The patient of each image, three images each."""
    return np.arange(IMAGES) // 3


def test_an_ordinary_cohort_gives_no_caution(patients):
    assert found_in(made_up_cohort(labels(), patients))[1] == {}


def test_one_patient_has_neither_interval_nor_test():
    cohort = made_up_cohort(labels(), np.zeros(IMAGES, dtype=int))
    scores = {name: table(cohort, made_up_scores(cohort, seed)) for seed, name in enumerate("ab")}
    results = evaluate(cohort, scores, EvaluationSettings(replicates=150)).results
    assert [(c.kind, c.count) for c in results.cautions] == [("one-patient", IMAGES)]
    for model in results.models:
        assert model.intervals == {}
        assert all("auroc" not in found.intervals for found in model.findings.values())
    (pair,) = results.comparisons
    for compared in (*pair.findings.values(), pair.macro):
        assert (compared.p_patients, compared.p_holm) == (None, None)
        assert compared.verdict in ("too few to compare", "undefined")


@pytest.mark.parametrize(("images", "is_told"), [(90, True), (48, True), (47, False)])
def test_a_patient_with_a_fifth_of_the_images_is_told(images, is_told):
    owners = np.r_[np.zeros(images, dtype=int), 1 + np.arange(IMAGES - images) // 2]
    kinds = found_in(made_up_cohort(labels(), owners))[1]
    assert ("large-patient" in kinds) == is_told
    if is_told:
        (caution,) = kinds["large-patient"]
        assert (caution.count, caution.of) == (images, IMAGES)


def test_positives_that_are_all_of_one_patient_are_told(patients):
    owners = patients.copy()
    owners[:12] = 0
    results, kinds = found_in(made_up_cohort(labels(Mass=np.arange(IMAGES) < 12), owners))
    (caution,) = kinds["one-positive-patient"]
    assert (caution.finding, caution.count) == ("Mass", 12)
    assert results.models[0].findings["Mass"].intervals.get("auroc") is None


def test_the_same_image_of_two_patients_is_told(patients):
    cohort = made_up_cohort(labels(), patients)
    scores = fine(cohort)
    scores[100:110] = scores[200:210]
    (caution,) = found_in(cohort, scores)[1]["same-scores"]
    assert (caution.count, caution.of) == (20, IMAGES)


@pytest.mark.parametrize(("images", "decimals", "is_told"), [(20, 7, True), (1, 7, False), (20, 3, False)])
def test_one_column_of_scores_tells_less(patients, images, decimals, is_told):
    cohort = made_up_cohort({"Mass": labels()["Mass"]}, patients)
    scores = np.random.default_rng(2).random((IMAGES, 1)).round(decimals)
    scores[100 : 100 + images] = scores[200 : 200 + images]
    results = evaluate(cohort, {"a": table(cohort, scores)}, EvaluationSettings(replicates=150)).results
    assert any(caution.kind == "same-scores" for caution in results.cautions) == is_told


def test_the_same_image_of_one_patient_is_not(patients):
    cohort = made_up_cohort(labels(), patients)
    scores = fine(cohort)
    scores[1::3] = scores[::3]
    assert "same-scores" not in found_in(cohort, scores)[1]


def test_coarse_scores_agree_by_chance(patients):
    cohort = made_up_cohort(labels(), patients)
    assert "same-scores" not in found_in(cohort, made_up_scores(cohort, 1).round(1))[1]


def test_calls_in_the_place_of_scores_are_told(patients):
    cohort = made_up_cohort(labels(), patients)
    (caution,) = found_in(cohort, made_up_scores(cohort, 1).round(0))[1]["binary-scores"]
    assert caution.model == "a"


def test_scores_of_the_absence_are_told(patients):
    cohort = made_up_cohort(labels(), patients)
    scores = fine(cohort)
    scores[:, 1] = 1 - scores[:, 1]
    (caution,) = found_in(cohort, scores)[1]["below-chance"]
    assert (caution.model, caution.finding) == ("a", "Mass")
    assert caution.value == pytest.approx(roc_auc_score(cohort.labels[:, 1], scores[:, 1]), abs=1e-6)


def test_labels_that_are_not_known_are_told(patients):
    some = labels()
    some["Mass"][:50] = [None] * 50
    (caution,) = found_in(made_up_cohort(some, patients))[1]["unknown-labels"]
    assert (caution.finding, caution.count, caution.of) == ("Mass", 50, IMAGES)


def test_images_without_a_score_have_a_worst_case(patients):
    cohort = made_up_cohort(labels(), patients)
    scores = fine(cohort)
    hardest = np.argsort(np.where(cohort.labels[:, 0] == 1, scores[:, 0], np.inf))[:8]
    keep = np.setdiff1d(np.arange(IMAGES), hardest)
    results, kinds = found_in(cohort, scores, keep)
    (caution,) = kinds["worst-case"]
    worst = scores.copy()
    worst[hardest] = np.where(cohort.labels[hardest] == 1, -1, 2)
    expected = np.mean([roc_auc_score(cohort.labels[:, c], worst[:, c]) for c in (0, 1)])
    assert (caution.model, caution.count, caution.of) == ("a", 8, IMAGES)
    assert caution.value == pytest.approx(expected, abs=1e-6)
    assert caution.value < results.models[0].macro_auroc


def test_a_table_of_few_of_the_images_has_no_worst_case(patients):
    cohort = made_up_cohort(labels(), patients)
    assert "worst-case" not in found_in(cohort, keep=np.arange(100))[1]
