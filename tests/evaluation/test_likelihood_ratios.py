"""Cross-tables, likelihood ratios, predictive values: scikit-learn, statsmodels, R's epiR, Bayes' rule."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from sklearn.metrics import class_likelihood_ratios, confusion_matrix
from statsmodels.stats.proportion import proportion_confint

from cxrtune.evaluation.calls import call_intervals
from cxrtune.evaluation.common_ground import aligned
from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.likelihood_ratios import likelihood_ratios
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.evaluation.statistics.mover import Bounded, moved_interval, ratio_interval
from cxrtune.evaluation.statistics.proportion import proportion_interval

GOLDEN = json.loads((Path(__file__).parent / "golden" / "measures.json").read_text())["ratios"]


def counted(tp, fp, fn, tn):
    """Calls and truth of one image per patient with these counts, and the ratios."""
    calls = np.repeat([True, True, False, False], [tp, fp, fn, tn])
    truth = np.repeat([True, False, True, False], [tp, fp, fn, tn])
    patients = np.arange(len(calls))
    return (
        calls,
        truth,
        patients,
        likelihood_ratios(calls, truth, patients, call_intervals(calls, truth, patients)),
    )


@pytest.mark.parametrize(
    "case", GOLDEN, ids=lambda case: f"{case['tp']} {case['fp']} {case['fn']} {case['tn']}"
)
def test_ratios_are_those_of_epir(case):
    """The values to 1e-9; its interval is the delta method's on the log scale, ours follows from mid-p."""
    *_, found = counted(*(case[kind] for kind in ("tp", "fp", "fn", "tn")))
    for value, limits, name in (
        (found.positive, found.positive_limits, "lr_positive"),
        (found.negative, found.negative_limits, "lr_negative"),
    ):
        expected = case[name]
        assert value == pytest.approx(expected["est"], rel=1e-9)
        width = math.log(expected["upper"] / expected["lower"])
        # Ends that differ by an eighth of the interval's width: the smallest cell here is 4.
        assert math.log(limits[0]) == pytest.approx(math.log(expected["lower"]), abs=0.125 * width)
        assert math.log(limits[1]) == pytest.approx(math.log(expected["upper"]), abs=0.125 * width)


def test_with_many_images_the_interval_is_that_of_epir():
    case = GOLDEN[1]
    *_, found = counted(*(case[kind] for kind in ("tp", "fp", "fn", "tn")))
    # 5,000 images: the methods agree to 1 % of the value.
    assert found.positive_limits == pytest.approx(
        (case["lr_positive"]["lower"], case["lr_positive"]["upper"]), rel=0.01
    )


def test_values_are_scikit_learns(cohort, predictions):
    model = evaluate(cohort, {"a": predictions}).results.models[0]
    rows = cohort.rows("test")
    scores = aligned("a", predictions, cohort)[rows].astype(np.float64)
    for column, finding in enumerate(("Effusion", "Mass")):
        found = model.findings[finding]
        known = ~np.isnan(cohort.labels[rows, column])
        truth, calls = cohort.labels[rows, column][known] == 1, scores[known, column] >= found.threshold
        (tn, fp), (fn, tp) = confusion_matrix(truth, calls)
        assert (found.tp, found.fp, found.fn, found.tn) == (tp, fp, fn, tn)
        assert found.called == tp + fp
        positive, negative = class_likelihood_ratios(truth, calls)
        assert found.positive_likelihood_ratio == pytest.approx(positive)
        assert found.negative_likelihood_ratio == pytest.approx(negative)
        assert found.negative_predictive_value == pytest.approx(tn / (tn + fn))
        for name in ("negative_predictive_value", "positive_likelihood_ratio", "negative_likelihood_ratio"):
            assert found.intervals[name].low < found.intervals[name].high
            assert found.intervals[name].low <= getattr(found, name) <= found.intervals[name].high


def test_a_model_without_a_threshold_has_no_cross_table(cohort, predictions):
    only_validation_of_mass = cohort.frame.assign(Hernia=0).astype({"Hernia": "Int8"})
    found = (
        evaluate(type(cohort)(only_validation_of_mass), {"a": predictions})
        .results.models[0]
        .findings["Hernia"]
    )
    assert found.threshold is None
    assert (found.tp, found.fp, found.fn, found.tn) == (None,) * 4
    assert found.positive_likelihood_ratio is found.negative_predictive_value is None


@pytest.mark.parametrize(("hits", "images"), [(8, 40), (150, 400), (390, 400)])
def test_a_predictive_value_of_one_image_per_patient_is_wilsons_about(hits, images):
    """Clopper and Pearson's interval is wider, Wilson's about as wide."""
    calls = np.ones(images, dtype=bool)
    truth = np.arange(images) < hits
    found = call_intervals(~calls, ~truth, np.arange(images))["negative_predictive_value"]
    exact = proportion_confint(hits, images, method="beta")
    wilson = proportion_confint(hits, images, method="wilson")
    assert exact[0] <= found.low <= wilson[0] + 0.02
    assert wilson[1] - 0.02 <= found.high <= exact[1]


def test_no_false_call_leaves_the_positive_ratio_open_above():
    *_, found = counted(8, 0, 2, 20)
    assert found.positive is None
    assert found.positive_limits[0] > 1
    assert math.isinf(found.positive_limits[1])
    assert set(found.intervals) == {"negative_likelihood_ratio"}
    (low, high), _ = found.predictive_values(0.1)
    assert 0.1 < low < 1
    assert high == 1


def test_nothing_missed_has_an_interval_that_begins_at_0():
    *_, found = counted(10, 5, 0, 15)
    assert found.negative == 0
    low, high = found.negative_limits
    assert low == 0 < high < 1


def test_everything_called_leaves_the_negative_ratio_undefined():
    *_, found = counted(5, 5, 0, 0)
    assert found.negative is None
    assert found.positive == 1


def test_without_negatives_there_is_no_ratio():
    calls, truth = np.array([True, False]), np.array([True, True])
    patients = np.arange(2)
    assert likelihood_ratios(calls, truth, patients, call_intervals(calls, truth, patients)) is None


def test_predictive_values_at_a_prevalence_are_bayes_rule_on_the_limits(cohort, predictions):
    options = EvaluationSettings(prevalence={"Effusion": 0.05})
    models = evaluate(cohort, {"a": predictions, "b": predictions}, options).results.models
    assert models[0].prevalence == models[1].prevalence
    found, ratios = models[1].prevalence["Effusion"], models[1].findings["Effusion"].intervals
    odds = 0.05 / 0.95
    positive, negative = (ratios[f"{side}_likelihood_ratio"] for side in ("positive", "negative"))
    of_positive = found.intervals["positive_predictive_value"]
    assert of_positive.low == pytest.approx(odds * positive.low / (1 + odds * positive.low))
    assert of_positive.high == pytest.approx(odds * positive.high / (1 + odds * positive.high))
    of_negative = found.intervals["negative_predictive_value"]
    assert of_negative.low == pytest.approx(1 / (1 + odds * negative.high))
    assert of_negative.high == pytest.approx(1 / (1 + odds * negative.low))
    assert of_positive.low < found.positive_predictive_value < of_positive.high
    assert of_negative.low < found.negative_predictive_value < of_negative.high


# How intervals are put together


@pytest.mark.parametrize("correlation", [0.0, 0.4, -0.6])
def test_a_limit_of_a_ratio_is_as_far_from_0_as_its_own_error(correlation):
    above, below = Bounded(0.8, 0.6, 0.92), Bounded(0.1, 0.07, 0.15)
    low, high = ratio_interval(above, below, correlation)

    def beyond(ratio, up, down):
        errors = abs(above.value - up), ratio * abs(below.value - down)
        spread = errors[0] ** 2 + errors[1] ** 2 - 2 * correlation * errors[0] * errors[1]
        return (above.value - ratio * below.value) ** 2 - spread

    assert low == pytest.approx(brentq(lambda r: beyond(r, above.low, below.high), 0.01, 8))
    assert high == pytest.approx(brentq(lambda r: beyond(r, above.high, below.low), 8, 1000))


def test_calls_that_go_together_within_patients_narrow_a_ratio():
    above, below = Bounded(0.8, 0.6, 0.92), Bounded(0.1, 0.07, 0.15)
    apart, together = ratio_interval(above, below), ratio_interval(above, below, 0.5)
    assert apart[0] < together[0] < 8 < together[1] < apart[1]


def test_one_image_per_patient_has_no_correlation_and_alike_images_have_one():
    random = np.random.default_rng(0)
    eager = random.random(40) < 0.5
    patients = np.repeat(np.arange(40), 4)
    truth = np.tile([True, True, False, False], 40)
    calls = eager[patients] ^ (random.random(160) < 0.1)
    intervals = call_intervals(calls, truth, patients)
    found = likelihood_ratios(calls, truth, patients, intervals)
    alone = likelihood_ratios(calls, truth, np.arange(160), intervals)
    assert found.positive == alone.positive
    # Patients whose images are all called have both more hits and more false calls.
    assert (
        found.positive_limits[1] - found.positive_limits[0]
        < alone.positive_limits[1] - alone.positive_limits[0]
    )


def test_two_independent_causes_add_their_squares():
    found = moved_interval(Bounded(0.6, 0.5, 0.7), 0.55, 0.8)
    assert found == pytest.approx((0.6 - math.hypot(0.1, 0.05), 0.6 + math.hypot(0.1, 0.2)))
    assert moved_interval(Bounded(0.95, 0.7, 1.0), 0.1, 1.0) == pytest.approx(
        (0.95 - math.hypot(0.25, 0.85), 1.0)
    )


def test_the_share_of_a_predictive_value_is_that_of_its_patients():
    calls = np.array([False] * 12)
    truth = np.array([True, False, False] * 4)
    patients = np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    found = call_intervals(calls, truth, patients)["negative_predictive_value"]
    hits = np.bincount(patients, weights=~truth).astype(int)
    assert (found.low, found.high) == proportion_interval(hits, np.bincount(patients))
