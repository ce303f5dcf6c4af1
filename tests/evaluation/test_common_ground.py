"""Which images all models are judged on, by counting them by hand."""

import dataclasses

import numpy as np
import pytest
from made_up import ground_of, made_up_cohort, made_up_scores
from sklearn.metrics import average_precision_score, roc_auc_score

from cxrtune.errors import DataError, UsageError
from cxrtune.evaluation.common_ground import aligned, interval_of, mean_of
from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.evaluation.statistics.replicates import precision_replicates


@pytest.fixture
def small():
    """Ten images of five patients, two findings."""
    labels = {"Mass": [1, 0] * 5, "Edema": [0, 0, 1, 1, 0] * 2}
    return made_up_cohort(labels, [row // 2 for row in range(10)])


@pytest.fixture
def scores(small):
    return {"a": made_up_scores(small, 0), "b": made_up_scores(small, 1)}


def without(predictions, images):
    """The same predictions, some images' rows taken out."""
    keep = ~np.isin(predictions.images, images)
    return dataclasses.replace(
        predictions,
        images=predictions.images[keep],
        patients=predictions.patients[keep],
        scores=predictions.scores[keep],
    )


def test_only_images_that_all_models_scored_are_kept(small, scores):
    scores["a"][[0, 1, 2]] = np.nan
    scores["b"][[2, 3]] = np.nan
    ground = ground_of(small, scores)
    assert ground.rows.tolist() == [4, 5, 6, 7, 8, 9]
    assert ground.not_scored == {"a": 3, "b": 2}
    assert ground.resamples.patients == 3
    assert ground.patients.tolist() == ["2", "2", "3", "3", "4", "4"]


def test_one_unknown_cell_drops_the_image_for_all_models_in_that_finding_only(small, scores):
    scores["a"][4, 0] = np.nan
    ground = ground_of(small, scores)
    assert len(ground.rows) == 10
    assert ground.not_scored == {"a": 0, "b": 0}
    assert np.flatnonzero(~ground.usable[:, 0]).tolist() == [4]
    assert ground.usable[:, 1].all()


def test_an_unknown_label_drops_the_image_in_that_finding_only(scores):
    labels = {"Mass": [1, 0, None, 0, 1, 0, 1, 0, 1, 0], "Edema": [0, 0, 1, 1, 0] * 2}
    ground = ground_of(made_up_cohort(labels, range(10)), scores)
    assert np.flatnonzero(~ground.usable[:, 0]).tolist() == [2]
    assert not ground.truth[2, 0]
    assert ground.usable[:, 1].all()


def test_a_finding_that_a_model_lacks_costs_the_others_nothing(small, scores):
    scores["a"][:, 1] = np.nan
    ground = ground_of(small, scores)
    assert ground.usable.all()
    assert (ground.has("a", 1), ground.has("b", 1)) == (False, True)
    assert set(ground.precisions()) == {("a", 0), ("b", 0), ("b", 1)}


def test_the_order_of_the_tables_does_not_matter(cohort, predictions):
    back = dataclasses.replace(
        predictions,
        images=predictions.images[::-1],
        patients=predictions.patients[::-1],
        scores=predictions.scores[::-1],
    )
    np.testing.assert_array_equal(aligned("a", predictions, cohort), aligned("a", back, cohort))


def test_every_model_is_evaluated_on_the_images_of_the_other(cohort, predictions):
    test = cohort.images[cohort.rows("test")]
    pair = {"a": without(predictions, test[:3]), "b": without(predictions, test[[2, 7]])}
    results = evaluate(cohort, pair).results
    assert (results.images, results.shared_images, results.shared_patients) == (30, 26, 14)
    assert [(model.images, model.not_scored) for model in results.models] == [(26, 3), (26, 2)]
    rows = cohort.rows("test")[np.delete(np.arange(30), [0, 1, 2, 7])]
    scores = aligned("b", pair["b"], cohort)
    expected = roc_auc_score(cohort.labels[rows, 0], scores[rows, 0])
    for model in results.models:
        assert model.findings["Effusion"].auroc == pytest.approx(expected, abs=1e-12)


def test_models_without_a_common_image_cannot_be_compared(cohort, predictions):
    test = cohort.images[cohort.rows("test")]
    pair = {"a": without(predictions, test[:15]), "b": without(predictions, test[15:])}
    with pytest.raises(DataError, match="no test image was scored by all 2 models"):
        evaluate(cohort, pair)


def test_a_model_without_a_score_in_the_split_is_named(cohort, predictions):
    pair = {"a": predictions, "b": without(predictions, cohort.images[cohort.rows("test")])}
    with pytest.raises(DataError, match="named b score none of the 30 test images"):
        evaluate(cohort, pair)


def test_images_given_to_other_patients_are_counted(cohort, predictions):
    patients = predictions.patients.copy()
    patients[[3, 8]] = "somebody else"
    moved = dataclasses.replace(predictions, patients=patients)
    with pytest.raises(DataError, match="named a give 2 images to other patients than the cohort does"):
        evaluate(cohort, {"a": moved})


def test_patients_that_a_table_does_not_name_are_taken_from_the_cohort(cohort, predictions):
    nameless = dataclasses.replace(predictions, patients=np.full(60, None, dtype=object))
    assert evaluate(cohort, {"a": nameless}).results == evaluate(cohort, {"a": predictions}).results


def test_a_prevalence_of_an_unknown_finding_is_refused(cohort, predictions):
    with pytest.raises(UsageError, match="Fracture"):
        evaluate(cohort, {"a": predictions}, EvaluationSettings(prevalence={"Fracture": 0.1}))


def test_replicates_of_a_part_are_those_of_its_images(small, scores):
    ground = ground_of(small, scores)
    within = np.arange(6)
    alone = precision_replicates(
        ground.truth[within, 0], ground.scores["b"][within, 0], within, ground.resamples
    )
    for replicate in range(20):
        rows = np.repeat(within, ground.resamples.times[ground.resamples.codes[within], replicate])
        if len(set(ground.truth[rows, 0])) < 2:
            assert np.isnan(alone[replicate])
        else:
            expected = average_precision_score(ground.truth[rows, 0], scores["b"][rows, 0])
            assert alone[replicate] == pytest.approx(expected, abs=1e-12)


def test_a_mean_runs_over_the_findings_that_a_replicate_defines():
    replicates = [np.array([0.2, np.nan, np.nan]), np.array([0.4, 0.6, np.nan])]
    np.testing.assert_allclose(mean_of(replicates), [0.3, 0.6, np.nan])
    assert mean_of([]).shape == (0,)


def test_an_interval_that_is_not_defined_is_absent():
    found = interval_of(np.linspace(0, 1, 201))
    assert (found.low, found.high) == pytest.approx((0.025, 0.975))
    assert interval_of(np.full(200, np.nan)) is None
    assert interval_of(np.empty(0)) is None
