"""Two models at their thresholds: McNemar's exact test, all swaps of few patients, Holm by statsmodels."""

from itertools import product

import numpy as np
import pytest
from made_up import ground_of, made_up_cohort
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.paired_calls import compare_all_calls


def compared(truth, calls, patients, findings=("Mass",)):
    """The comparison of models whose scores are 0.9 where they call and 0.1 where not."""
    columns = {finding: np.asarray(truth)[:, place] for place, finding in enumerate(findings)}
    cohort = made_up_cohort(columns, patients)
    scores = {name: np.where(called, 0.9, 0.1).astype(np.float32) for name, called in calls.items()}
    thresholds = {name: dict.fromkeys(findings, 0.5) for name in calls}
    (found,) = compare_all_calls(ground_of(cohort, scores), thresholds)
    return found


@pytest.fixture
def one_each():
    """400 images, one per patient; `a` finds more than `b` and calls more for nothing."""
    random = np.random.default_rng(0)
    truth = random.random((400, 1)) < 0.3
    chances = {"a": np.where(truth, 0.8, 0.25), "b": np.where(truth, 0.65, 0.2)}
    return truth, {name: random.random((400, 1)) < chance for name, chance in chances.items()}


def test_one_image_per_patient_is_mcnemars_exact_test(one_each):
    truth, calls = one_each
    found = compared(truth, calls, np.arange(400))
    for measure, of in (("sensitivity", truth), ("specificity", ~truth)):
        result = getattr(found, measure)["Mass"]
        right = {name: called[of] == truth[of] for name, called in calls.items()}
        table = [
            [((right["a"] == one) & (right["b"] == other)).sum() for other in (True, False)]
            for one in (True, False)
        ]
        expected = mcnemar(table, exact=True).pvalue
        assert (result.first_only, result.second_only) == (table[0][1], table[1][0])
        assert result.difference == pytest.approx(right["a"].mean() - right["b"].mean())
        # Five Monte-Carlo standard errors of at least 20,000 draws.
        assert result.p_patients == pytest.approx(
            expected, abs=5 * np.sqrt(expected * (1 - expected) / 20_000) + 1e-4
        )
        assert (result.images, result.patients) == (of.sum(), of.sum())


def test_few_patients_with_several_images_are_all_swaps():
    random = np.random.default_rng(4)
    patients = np.repeat(np.arange(12), 3)
    truth = np.ones((36, 1), dtype=bool)
    truth[:3] = False
    calls = {"a": random.random((36, 1)) < 0.75, "b": random.random((36, 1)) < 0.5}
    found = compared(truth, calls, patients).sensitivity["Mass"]
    differences = (calls["a"].astype(float) - calls["b"])[3:, 0]
    sums = np.array([differences[patients[3:] == patient].sum() for patient in range(1, 12)]) / 33
    every = np.array(list(product((-1, 1), repeat=11))) @ sums
    exact = np.mean(np.abs(every) >= abs(sums.sum()) - 1e-9)
    assert found.difference == pytest.approx(sums.sum())
    assert found.p_patients == pytest.approx(exact, abs=5 * np.sqrt(exact * (1 - exact) / 20_000))
    assert found.interval.low <= found.difference <= found.interval.high
    assert (found.interval.low <= 0 <= found.interval.high) == (exact > 0.05)


def test_holm_corrects_over_the_findings_of_a_measure():
    random = np.random.default_rng(1)
    truth = random.random((600, 3)) < (0.4, 0.3, 0.005)
    calls = {"a": random.random((600, 3)) < np.where(truth, 0.8, 0.2)}
    calls["b"] = random.random((600, 3)) < np.where(truth, 0.6, 0.2)
    names = ("Effusion", "Mass", "Hernia")
    found = compared(truth, calls, np.arange(600) // 2, names)
    few = found.sensitivity["Hernia"]
    assert few.verdict == "too few to compare"
    assert few.difference is not None
    assert few.p_patients is few.p_holm is few.interval_holm is None
    for measure, tested in (("sensitivity", names[:2]), ("specificity", names)):
        results = [getattr(found, measure)[name] for name in tested]
        expected = multipletests([one.p_patients for one in results], method="holm")[1]
        assert [one.p_holm for one in results] == pytest.approx(list(expected))
        for one in results:
            assert (one.verdict != "not separable") == (one.p_holm <= 0.05)
            assert (one.interval_holm.low <= 0 <= one.interval_holm.high) == (one.verdict == "not separable")
    assert found.sensitivity["Effusion"].verdict == "higher"


def test_the_other_way_round_is_lower(one_each):
    truth, calls = one_each
    forth = compared(truth, calls, np.arange(400)).sensitivity["Mass"]
    back = compared(truth, {"a": calls["b"], "b": calls["a"]}, np.arange(400)).sensitivity["Mass"]
    assert (forth.verdict, back.verdict) == ("higher", "lower")
    assert back.difference == -forth.difference
    assert (back.first_only, back.second_only) == (forth.second_only, forth.first_only)


def test_models_that_make_the_same_calls_do_not_differ(one_each):
    truth, calls = one_each
    found = compared(truth, {"a": calls["a"], "b": calls["a"]}, np.arange(400)).sensitivity["Mass"]
    assert (found.difference, found.p_patients, found.verdict) == (0, 1, "not separable")
    assert found.interval is None
    assert found.first_only == found.second_only == 0


def test_without_a_positive_the_sensitivity_is_undefined(one_each):
    truth, calls = one_each
    found = compared(truth & False, calls, np.arange(400))
    nothing = found.sensitivity["Mass"]
    assert (nothing.verdict, nothing.difference, nothing.images) == ("undefined", None, 0)
    assert found.specificity["Mass"].images == 400


def test_only_findings_with_thresholds_of_both_are_compared(cohort, predictions):
    ground = ground_of(*_two_findings())
    both = {"a": {"Effusion": 0.5, "Mass": 0.5}, "b": {"Mass": 0.5}}
    (found,) = compare_all_calls(ground, both)
    assert set(found.sensitivity) == {"Mass"}
    assert compare_all_calls(ground, {"a": both["a"], "b": {}}) == []
    results = evaluate(cohort, {"a": predictions, "b": predictions}).results
    assert [(one.first, one.second) for one in results.call_comparisons] == [("a", "b")]
    assert evaluate(cohort, {"a": predictions}).results.call_comparisons == []


def _two_findings():
    random = np.random.default_rng(2)
    labels = {finding: random.random(60) < 0.5 for finding in ("Effusion", "Mass")}
    cohort = made_up_cohort(labels, np.arange(60))
    return cohort, {name: random.random((60, 2)).astype(np.float32) for name in ("a", "b")}


def test_no_more_is_drawn_than_there_is_time_for(monkeypatch, one_each):
    """A p-value that lies on its level is left there, with its error, after 80,000 draws."""
    truth, calls = one_each
    monkeypatch.setattr("cxrtune.evaluation.verdicts.SURE", 1e9)
    found = compared(truth, calls, np.arange(400)).specificity["Mass"]
    assert found.p_error == pytest.approx(np.sqrt(found.p_patients * (1 - found.p_patients) / 80_000))
