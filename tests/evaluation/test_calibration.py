"""Calibration and reliability: simulated logits, scikit-learn, statsmodels, Bayes' rule, sums by hand."""

import dataclasses
import json
from dataclasses import asdict

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, precision_score
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.model_selection import StratifiedGroupKFold
from statsmodels.stats.proportion import proportion_confint

from cxrtune.evaluation.calibration import fit
from cxrtune.evaluation.calibration.calibrator import METHODS, Calibrator, logistic, logit, read_calibrator
from cxrtune.evaluation.calibration.reliability import (
    brier,
    error_of,
    log_loss,
    reliability,
)
from cxrtune.evaluation.common_ground import aligned
from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.evaluation.validation import choose

MAPS = {
    "temperature": Calibrator("temperature", 0.2, slope=0.5),
    "platt": Calibrator("platt", 0.2, slope=2.0, offset=-1.0),
    "isotonic": Calibrator("isotonic", 0.2, steps=(0.1, 0.4, 0.6), levels=(0.05, 0.05, 0.8)),
}


def simulated(slope, offset, images=4000, seed=0):
    """Truth drawn from the logistic function of slope x logit + offset, scores, patients of two images."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=images)
    truth = random.random(images) < 1 / (1 + np.exp(-(slope * logits + offset)))
    return truth, 1 / (1 + np.exp(-logits)), np.array([str(i // 2) for i in range(images)], dtype=object)


@pytest.fixture
def sample():
    """Truth and probabilities of 203 images, with ties."""
    random = np.random.default_rng(5)
    probabilities = random.random(203).round(1).clip(0.01, 0.99)
    return random.random(203) < probabilities**2, probabilities


# The maps


@pytest.mark.parametrize("method", METHODS)
def test_a_map_never_turns_an_order_round(method):
    mapped = MAPS[method](np.linspace(0, 1, 501))
    assert (np.diff(mapped) >= 0).all()
    assert (mapped >= 0).all()
    assert (mapped <= 1).all()


def test_temperature_divides_the_logit():
    odds = (0.8 / 0.2) ** 0.5
    assert MAPS["temperature"](np.array([0.8]))[0] == pytest.approx(odds / (1 + odds))


def test_platt_scales_and_shifts_the_logit():
    odds = (0.8 / 0.2) ** 2 * np.exp(-1)
    assert MAPS["platt"](np.array([0.8]))[0] == pytest.approx(odds / (1 + odds))


def test_isotonic_is_straight_between_its_steps_and_flat_beyond():
    mapped = MAPS["isotonic"](np.array([0.0, 0.25, 0.5, 1.0]))
    assert mapped == pytest.approx([0.05, 0.05, 0.425, 0.8])


@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_known_stays_unknown(method):
    assert np.isnan(MAPS[method](np.array([np.nan, 0.5]))).tolist() == [True, False]


def test_logit_and_logistic_are_inverse_and_finite():
    inside = np.array([1e-6, 0.3, 0.5, 1 - 1e-6])
    np.testing.assert_allclose(logistic(logit(inside)), inside, rtol=1e-9)
    assert np.isfinite(logit(np.array([0, 1], dtype=np.float32))).all()


def test_the_steepest_map_of_the_surest_score_does_not_overflow():
    steep = Calibrator("platt", 0.5, slope=np.exp(5.0), offset=-50.0)
    assert steep(np.array([0.0, 1.0])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stated", [0.01, 0.5])
def test_another_prevalence_is_bayes_rule(method, stated):
    given = np.array([0.2, 0.45, 0.9])
    was = MAPS[method](given)
    present, absent = was * stated / 0.2, (1 - was) * (1 - stated) / 0.8
    assert MAPS[method].at_prevalence(given, stated) == pytest.approx(present / (present + absent))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_prevalence_changes_nothing(method):
    given = np.array([0.2, 0.45, 0.9])
    assert MAPS[method].at_prevalence(given, 0.2) == pytest.approx(MAPS[method](given))


def test_predictive_values_are_those_of_a_sample_weighed_to_the_stated_prevalence(cohort, predictions):
    result = evaluate(
        cohort, {"a": predictions}, EvaluationSettings(prevalence={"Effusion": 0.05})
    ).results.models[0]
    rows = cohort.rows("test")
    place = {image: row for row, image in enumerate(predictions.images)}
    scores = predictions.scores[[place[image] for image in cohort.images[rows]], 0]
    truth = cohort.labels[rows, 0] == 1
    calls = scores.astype(np.float64) >= result.findings["Effusion"].threshold
    weights = np.where(truth, 0.05 / truth.mean(), 0.95 / (~truth).mean())
    found = result.prevalence["Effusion"]
    positive = precision_score(truth, calls, sample_weight=weights)
    assert found.positive_predictive_value == pytest.approx(positive)
    assert found.negative_predictive_value == pytest.approx(
        precision_score(~truth, ~calls, sample_weight=weights)
    )
    assert found.observed == pytest.approx(truth.mean())


def test_a_stated_prevalence_multiplies_the_odds_of_a_calibrated_model(cohort, predictions):
    card = dataclasses.replace(predictions.model, calibration={"Effusion": asdict(MAPS["platt"])})
    calibrated = dataclasses.replace(predictions, model=card)
    options = EvaluationSettings(prevalence={"Effusion": 0.5})
    found = evaluate(cohort, {"a": calibrated}, options).results.models[0]
    assert found.prevalence["Effusion"].odds_factor == pytest.approx(0.5 / 0.5 / (0.2 / 0.8))


def test_a_models_own_calibration_is_judged_on_the_evaluated_images(cohort, predictions):
    card = dataclasses.replace(predictions.model, calibration={"Mass": asdict(MAPS["platt"])})
    calibrated = dataclasses.replace(predictions, model=card)
    found = evaluate(cohort, {"a": calibrated}).results.models[0].calibration
    assert set(found) == {"Mass"}
    rows = cohort.rows("test")[cohort.frame["Mass"].notna().to_numpy()[cohort.rows("test")]]
    scores, truth = aligned("a", predictions, cohort)[rows, 1], cohort.labels[rows, 1] == 1
    before, after = found["Mass"].before, found["Mass"].after
    assert before.brier == pytest.approx(brier_score_loss(truth, scores))
    assert after.brier == pytest.approx(brier_score_loss(truth, MAPS["platt"](scores)))
    assert after.log_loss == pytest.approx(sklearn_log_loss(truth, MAPS["platt"](scores)))
    measures = ("brier", "intercept", "slope", "slope_intercept")
    assert set(found["Mass"].intervals) == {f"{m}_{kind}" for m in measures for kind in ("before", "after")}


# The fit


def test_the_fit_finds_the_slope_and_offset_that_made_the_truth():
    found = fit.fit_calibrator(*simulated(slope=0.5, offset=-1.0, images=20_000))
    assert found.method == "platt"
    assert (found.slope, found.offset) == pytest.approx((0.5, -1.0), abs=0.05)


def test_without_an_offset_temperature_is_enough():
    truth, values, patients = simulated(slope=2.0, offset=0.0, images=20_000, seed=1)
    found = fit.fit_calibrator(truth, values, patients)
    assert found.method == "temperature"
    assert found.slope == pytest.approx(2.0, abs=0.1)
    assert found.prevalence == truth.mean()


def test_what_no_line_describes_is_isotonic():
    random = np.random.default_rng(2)
    values = random.random(4000)
    truth = random.random(4000) < np.where(values < 0.3, 0.02, np.where(values < 0.9, 0.5, 0.55))
    patients = np.arange(4000).astype(str).astype(object)
    assert fit.fit_calibrator(truth, values, patients).method == "isotonic"


@pytest.mark.parametrize("seed", range(3))
def test_platt_is_scikit_learns_unpenalised_regression_on_platts_targets(seed):
    truth, values, _ = simulated(slope=0.7, offset=-2.0, images=400, seed=seed)
    positives, negatives = truth.sum(), (~truth).sum()
    share = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    # A target between the classes is an image of each, weighed by it.
    column = logit(values)[:, np.newaxis]
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        np.concatenate([column, column]),
        np.repeat([1, 0], len(truth)),
        sample_weight=np.concatenate([share, 1 - share]),
    )
    found = fit._platt(truth, values)
    assert found.slope == pytest.approx(theirs.coef_[0, 0], abs=1e-3)
    assert found.offset == pytest.approx(theirs.intercept_[0], abs=1e-3)


def test_isotonic_is_scikit_learns_within_half_an_image_of_certainty():
    truth, values, _ = simulated(slope=1.0, offset=-1.0, images=300)
    edge = 0.5 / 301
    expected = IsotonicRegression().fit(values, truth).predict(values).clip(edge, 1 - edge)
    assert fit._isotonic(truth, values)(values) == pytest.approx(expected, abs=1e-12)


def test_a_model_that_is_wrong_way_round_is_not_turned():
    truth, values, patients = simulated(slope=-2.0, offset=0.0, images=1000)
    found = fit.fit_calibrator(truth, values, patients)
    assert (np.diff(found(np.linspace(0, 1, 101))) >= 0).all()


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.49, 0.51)])
@pytest.mark.parametrize("method", METHODS)
def test_scores_of_a_perfect_model_are_not_taken_for_certain(method, low, high):
    truth = np.arange(200) < 60
    values = np.where(truth, high, low)
    mapped = fit._FIT[method](truth, values)(values)
    assert ((mapped > 0) & (mapped < 1)).all()


def test_a_steep_fit_with_one_sure_score_does_not_overflow():
    truth = np.arange(200) < 60
    values = np.where(truth, 0.51, 0.49)
    values[-1] = 0.0
    found = fit.fit_calibrator(truth, values, np.arange(200).astype(str).astype(object))
    assert np.isfinite(found(values)).all()


def test_the_folds_part_no_patient(monkeypatch):
    truth, values, patients = simulated(slope=1.0, offset=0.0, images=200)
    seen = dict(zip(values, patients, strict=True))
    learned = []
    plain = fit._FIT["temperature"]
    monkeypatch.setitem(
        fit._FIT, "temperature", lambda t, v: learned.append({seen[x] for x in v}) or plain(t, v)
    )
    judged = []
    monkeypatch.setattr(fit, "log_loss", lambda t, p: judged.append(len(t)) or log_loss(t, p))
    fit._cross_validated("temperature", truth, values, fit.stratified_folds(truth, patients))
    assert len(learned) == 5
    assert sum(judged) == 200
    for patients_of_fold, images in zip(learned, judged, strict=True):
        # Two images a patient: those that are judged are whole patients that were not learned from.
        assert 2 * len(set(patients) - patients_of_fold) == images


@pytest.mark.parametrize("seed", range(12))
def test_the_folds_are_scikit_learns(seed):
    random = np.random.default_rng(seed)
    patients = random.integers((25, 300, 2000)[seed % 3], size=2500).astype(str).astype(object)
    truth = random.random(2500) < (0.01, 0.1, 0.5, 0.9)[seed % 4]
    theirs = StratifiedGroupKFold(5, shuffle=True, random_state=0).split(truth, truth, patients)
    found = fit.stratified_folds(truth, patients)
    for fold, (_, judged) in enumerate(theirs):
        assert np.flatnonzero(found == fold).tolist() == judged.tolist()


def test_the_method_is_that_of_the_lowest_cross_validated_log_loss():
    truth, values, patients = simulated(slope=0.6, offset=-0.8, images=600)
    folds = fit.stratified_folds(truth, patients)
    losses = {method: fit._cross_validated(method, truth, values, folds) for method in METHODS}
    assert fit.fit_calibrator(truth, values, patients).method == min(losses, key=losses.get)


@pytest.mark.parametrize(
    ("positives", "negatives", "fits"), [(9, 100, False), (100, 9, False), (10, 10, True)]
)
def test_fewer_than_ten_of_a_class_are_not_calibrated(positives, negatives, fits):
    truth = np.arange(positives + negatives) < positives
    values = np.random.default_rng(0).random(len(truth))
    patients = np.arange(len(truth)).astype(str).astype(object)
    assert (fit.fit_calibrator(truth, values, patients) is not None) == fits


def test_positives_of_fewer_than_five_patients_are_not_calibrated():
    truth = np.arange(100) < 40
    patients = np.where(truth, np.arange(100) % 4, np.arange(100)).astype(str).astype(object)
    assert fit.fit_calibrator(truth, np.random.default_rng(0).random(100), patients) is None


def test_unknown_labels_and_scores_are_left_out():
    truth, values, patients = simulated(slope=0.5, offset=-1.0, images=400)
    labels, scores = truth.astype(float)[:, np.newaxis], values[:, np.newaxis].copy()
    labels[:50], scores[50:80] = np.nan, np.nan
    found = fit.fit_calibrators(["Mass"], labels, scores, patients)["Mass"]
    assert found == fit.fit_calibrator(truth[80:], values[80:], patients[80:])


@pytest.mark.parametrize("method", METHODS)
def test_a_stored_map_is_the_same_map(method):
    stored = json.loads(json.dumps(asdict(MAPS[method])))
    assert read_calibrator(stored) == MAPS[method]


def test_what_validation_chose_is_stored_whole():
    truth, values, patients = simulated(slope=0.5, offset=-1.0, images=400)
    chosen = choose(["Mass"], truth.astype(float)[:, np.newaxis], values[:, np.newaxis], patients)
    stored = json.loads(json.dumps(chosen.stored()))
    assert read_calibrator(stored["calibration"]["Mass"]) == chosen.calibrators["Mass"]
    assert stored["thresholds"]["Mass"] == stored["operating_points"]["youden"]["Mass"]["threshold"]


def test_a_finding_of_too_few_positives_is_reported_without_calibration(cohort, predictions):
    validation = cohort.frame[cohort.frame["split"] == "validation"]
    enough = {f for f in cohort.findings if validation[f].sum() >= 10 and (validation[f] == 0).sum() >= 10}
    found = evaluate(cohort, {"a": predictions}).results.models[0].calibration
    assert set(found) == enough != set(cohort.findings)


# Reliability


def test_brier_and_log_loss_are_scikit_learns(sample):
    assert brier(*sample) == pytest.approx(brier_score_loss(*sample), abs=1e-12)
    assert log_loss(*sample) == pytest.approx(sklearn_log_loss(*sample), abs=1e-12)


def test_certainty_that_is_wrong_costs_much_but_not_all():
    assert log_loss(np.array([True]), np.array([0.0])) == pytest.approx(-np.log(1e-12))


def test_bins_hold_a_tenth_each_where_there_are_no_ties():
    random = np.random.default_rng(0)
    probabilities = random.permutation(np.linspace(0, 1, 205))
    bins = reliability(random.random(205) < 0.5, probabilities)
    assert len(bins) == 10
    assert {part.images for part in bins} <= {20, 21}
    assert sum(part.images for part in bins) == 205


def test_equal_probabilities_share_a_bin(sample):
    truth, probabilities = sample
    bins = reliability(truth, probabilities)
    start = 0
    ordered = np.sort(probabilities)
    for part in bins:
        inside = ordered[start : start + part.images]
        assert part.predicted == pytest.approx(inside.mean())
        assert start == 0 or ordered[start - 1] < inside[0]
        mask = np.isin(probabilities, inside)
        assert mask.sum() == part.images
        assert part.observed == pytest.approx(truth[mask].mean())
        start += part.images
    assert start == len(truth)


def test_all_probabilities_equal_make_one_bin():
    (only,) = reliability(np.array([True, False, False, False]), np.full(4, 0.1))
    assert (only.predicted, only.observed, only.images) == (pytest.approx(0.1), 0.25, 4)


def test_fewer_images_than_bins_are_a_bin_each():
    bins = reliability(np.array([True, False, True]), np.array([0.9, 0.1, 0.5]))
    assert [(part.predicted, part.observed) for part in bins] == [(0.1, 0.0), (0.5, 1.0), (0.9, 1.0)]


def test_a_bins_interval_is_statsmodels_wilson(sample):
    for part in reliability(*sample):
        hits = round(part.observed * part.images)
        low, high = proportion_confint(hits, part.images, method="wilson")
        assert (part.low, part.high) == pytest.approx((low, high), abs=1e-9)


def test_expected_calibration_error_by_hand():
    truth = np.array([False, False, True, False, True, True])
    probabilities = np.array([0.1, 0.1, 0.1, 0.6, 0.6, 0.6])
    # Two bins of three: |1/3 - 0.1| and |2/3 - 0.6|.
    expected = (3 * abs(1 / 3 - 0.1) + 3 * abs(2 / 3 - 0.6)) / 6
    assert error_of(reliability(truth, probabilities)) == pytest.approx(expected)


def test_probabilities_that_come_true_have_no_error():
    probabilities = np.repeat([0.25, 0.5], 4)
    truth = np.array([1, 0, 0, 0, 1, 1, 0, 0], dtype=bool)
    assert error_of(reliability(truth, probabilities)) == pytest.approx(0.0, abs=1e-12)
