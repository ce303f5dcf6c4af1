"""Points of ROC curves and partial areas against scikit-learn, R's pROC, and patients left out one by one."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from cxrtune.evaluation.common_ground import aligned
from cxrtune.evaluation.curve_values import HELD, _area, _parts, _sample, curve_values
from cxrtune.evaluation.evaluate import evaluate

GOLDEN = json.loads((Path(__file__).parent / "golden" / "measures.json").read_text())["points"]


@pytest.fixture(params=GOLDEN, ids=[case["name"] for case in GOLDEN])
def case(request):
    """Truth and scores of R's, and what pROC gives."""
    return request.param | {
        "truth": np.array(request.param["truth"], dtype=bool),
        "scores": np.array(request.param["scores"]),
    }


def alone(truth, scores):
    """The values of one image per patient."""
    return curve_values(truth, scores, np.arange(len(truth)))


def test_points_are_those_of_proc(case):
    found = alone(case["truth"], case["scores"])
    assert list(found.sensitivity_at.values()) == pytest.approx(case["sensitivity_at"], abs=1e-9)
    assert list(found.specificity_at.values()) == pytest.approx(case["specificity_at"], abs=1e-9)


def test_partial_areas_are_those_of_proc_and_scikit_learn(case):
    truth, scores = case["truth"], case["scores"]
    found = alone(truth, scores).partial_auroc
    assert found["specificity"] == pytest.approx(roc_auc_score(truth, scores, max_fpr=0.1), abs=1e-12)
    assert found["sensitivity"] == pytest.approx(roc_auc_score(~truth, -scores, max_fpr=0.1), abs=1e-12)
    assert found["specificity"] == pytest.approx(case["partial_specificity"], abs=1e-9)
    assert found["sensitivity"] == pytest.approx(case["partial_sensitivity"], abs=1e-9)


def test_a_point_lies_on_scikit_learns_curve(case):
    truth, scores = case["truth"], case["scores"]
    false, hits, _ = roc_curve(truth, scores, drop_intermediate=False)
    found = alone(truth, scores)
    for held in HELD:
        reached = hits[false <= 1 - held + 1e-9].max()
        following = hits[false > 1 - held + 1e-9].min(initial=1.0)
        assert reached <= found.sensitivity_at[f"{held:.2f}"] <= following


def test_the_intervals_hold_their_values(case):
    found = alone(case["truth"], case["scores"])
    for side, values in (("sensitivity", found.sensitivity_at), ("specificity", found.specificity_at)):
        for at, value in values.items():
            interval = found.intervals[f"{side}_at_{at}"]
            assert 0 <= interval.low <= value <= interval.high <= 1
            assert interval.high > interval.low
    for side, value in found.partial_auroc.items():
        rests_on = (~case["truth"] if side == "specificity" else case["truth"]).sum()
        interval = found.intervals.get(f"partial_{side}")
        assert (interval is None) == (rests_on < 100)
        if interval is not None:
            assert interval.low <= value <= interval.high <= 1
            assert interval.high > interval.low


def test_the_spread_of_a_partial_area_is_that_of_leaving_out_each_patient():
    """The parts are the first order of the jackknife: 400 images of 100 patients, 5 %."""
    random = np.random.default_rng(0)
    patients = np.sort(random.integers(0, 100, 400))
    truth = random.random(400) < 0.4
    scores = random.normal(size=100)[patients] + random.normal(size=400) + 1.2 * truth
    sample = _sample(truth, scores, patients)
    parts = _parts(sample, 0.1)
    assert parts.sum() == pytest.approx(0, abs=1e-12)
    without = np.array(
        [
            _area(_sample(truth[keep], scores[keep], patients[keep]).curve, 0.1)
            for keep in (patients != patient for patient in np.unique(patients))
        ]
    )
    jackknife = np.sum((without - without.mean()) ** 2) * (len(without) - 1) / len(without)
    assert np.sum(parts**2) == pytest.approx(jackknife, rel=0.1)


def test_images_of_a_patient_that_are_alike_widen_every_interval():
    random = np.random.default_rng(1)
    truth = random.random(300) < 0.4
    scores = random.normal(size=300) + 1.2 * truth
    once = alone(truth, scores)
    copies = curve_values(np.repeat(truth, 4), np.repeat(scores, 4), np.repeat(np.arange(300), 4))
    assert len(copies.intervals) == 8
    apart = alone(np.repeat(truth, 4), np.repeat(scores, 4))
    for name, interval in copies.intervals.items():
        width, was, wrong = (
            one.high - one.low for one in (interval, once.intervals[name], apart.intervals[name])
        )
        assert width > 1.5 * wrong
        # Four copies say what one said, but for the t quantile in the place of the normal one.
        assert width == pytest.approx(was, rel=0.12)


def test_a_perfect_curve_has_intervals_of_some_width():
    truth = np.array([True] * 100 + [False] * 120)
    found = alone(truth, truth.astype(float))
    assert len(found.intervals) == 8
    assert set(found.sensitivity_at.values()) == {1.0} == set(found.partial_auroc.values())
    for interval in found.intervals.values():
        assert interval.low < 0.995
        assert interval.high == 1


def test_scores_that_know_nothing_have_a_partial_area_of_a_half():
    truth = np.array([True, False] * 50)
    found = alone(truth, np.full(100, 0.5))
    assert found.partial_auroc == pytest.approx({"specificity": 0.5, "sensitivity": 0.5})
    assert found.sensitivity_at["0.80"] == pytest.approx(0.2)


def test_one_patient_with_the_finding_has_values_and_no_interval():
    truth = np.array([True, True, False, False, False])
    found = curve_values(truth, np.array([0.9, 0.4, 0.5, 0.3, 0.1]), np.array([0, 0, 1, 2, 3]))
    assert found.intervals == {}
    assert found.partial_auroc["specificity"] < 1


def test_few_patients_do_not_say_how_the_least_sure_of_them_score():
    """With 20 positives the threshold with a sensitivity of 0.95 may lie below all of them."""
    random = np.random.default_rng(3)
    truth = np.arange(300) < 20
    found = alone(truth, random.normal(size=300) + 2 * truth)
    assert found.intervals["specificity_at_0.95"].low < 0.1
    assert found.intervals["sensitivity_at_0.95"].low > 0.1
    assert "partial_sensitivity" not in found.intervals
    assert "partial_specificity" in found.intervals


def test_without_a_positive_there_is_no_curve():
    assert alone(np.zeros(4, dtype=bool), np.arange(4.0)) is None


def test_a_models_curves_are_those_of_its_judged_images(cohort, predictions):
    model = evaluate(cohort, {"a": predictions}).results.models[0]
    assert set(model.curves) == {"Effusion", "Mass"}
    rows = cohort.rows("test")
    scores = aligned("a", predictions, cohort)[rows, 1]
    known = ~np.isnan(cohort.labels[rows, 1])
    expected = roc_auc_score(cohort.labels[rows, 1][known], scores[known], max_fpr=0.1)
    assert model.curves["Mass"].partial_auroc["specificity"] == pytest.approx(expected, abs=1e-12)
