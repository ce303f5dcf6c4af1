"""Differences between models against brute force over the replicates, and what is said of them."""

import dataclasses

import numpy as np
import pytest
from made_up import ground_of, made_up_cohort, made_up_scores, repeated
from scipy.stats import norm
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

from cxrtune.evaluation.comparison import compare, compare_all
from cxrtune.evaluation.evaluate import evaluate

FINDINGS = ("Effusion", "Mass", "Hernia")


@pytest.fixture(scope="module")
def ground():
    """360 images of 120 patients; `good` knows much of the truth, `fair` and `other` some."""
    random = np.random.default_rng(0)
    shares = zip(FINDINGS, (0.4, 0.25, 0.1), strict=True)
    labels = {finding: (random.random(360) < share).tolist() for finding, share in shares}
    labels["Mass"][:4] = [None] * 4
    cohort = made_up_cohort(labels, np.arange(360) // 3)
    weights = {"good": 0.45, "fair": 0.15, "other": 0.17}
    scores = {
        name: made_up_scores(cohort, seed, weight) for seed, (name, weight) in enumerate(weights.items())
    }
    return ground_of(cohort, scores)


@pytest.fixture(scope="module")
def areas(ground):
    return ground.areas()


def difference(ground, rows, column, first, second):
    """By scikit-learn, on these rows, an image as often as it is there."""
    rows = rows[ground.usable[rows, column]]
    truth = ground.truth[rows, column]
    one, two = (roc_auc_score(truth, ground.scores[name][rows, column]) for name in (first, second))
    return one - two


def brute_force(ground, column, first, second):
    replicates = range(ground.resamples.replicates)
    return np.array([difference(ground, repeated(ground, r), column, first, second) for r in replicates])


@pytest.mark.parametrize("column", range(3))
def test_difference_interval_and_p_value_are_brute_force(ground, areas, column):
    found = compare(ground, areas, "good", "fair").findings[FINDINGS[column]]
    replicates = brute_force(ground, column, "good", "fair")
    whole = difference(ground, np.arange(360), column, "good", "fair")
    assert found.difference == pytest.approx(whole, abs=1e-12)
    expected = np.quantile(replicates, [0.025, 0.975])
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(expected), abs=1e-12)
    assert found.p_patients == pytest.approx(2 * norm.sf(abs(whole) / replicates.std(ddof=1)), rel=1e-9)


def test_the_mean_is_brute_force_over_findings_and_replicates(ground, areas):
    found = compare(ground, areas, "other", "fair").macro
    replicates = np.mean([brute_force(ground, column, "other", "fair") for column in range(3)], axis=0)
    whole = np.mean([difference(ground, np.arange(360), column, "other", "fair") for column in range(3)])
    assert found.difference == pytest.approx(whole, abs=1e-12)
    expected = np.quantile(replicates, [0.025, 0.975])
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(expected), abs=1e-12)
    assert found.p_patients == pytest.approx(2 * norm.sf(abs(whole) / replicates.std(ddof=1)), rel=1e-9)
    assert (found.images, found.patients) == (360, 120)


def test_counts_stand_beside_the_difference(ground, areas):
    found = compare(ground, areas, "good", "fair").findings["Mass"]
    assert found.images == 356
    # The first four images are those of the first patient and one of the second.
    assert found.patients == 119
    assert found.positives == ground.truth[:, 1].sum()


def test_holm_runs_over_the_findings_of_one_pair(ground, areas):
    for pair in compare_all(ground, areas):
        results = list(pair.findings.values())
        expected = multipletests([result.p_patients for result in results], method="holm")[1]
        assert [result.p_holm for result in results] == pytest.approx(list(expected), rel=1e-12)
        assert pair.macro.p_holm == pair.macro.p_patients


def test_every_pair_is_compared_once_the_earlier_first(ground, areas):
    pairs = [(pair.first, pair.second) for pair in compare_all(ground, areas)]
    assert pairs == [("good", "fair"), ("good", "other"), ("fair", "other")]


def test_a_clearly_better_model_is_higher_and_the_other_lower(ground, areas):
    up, down = compare(ground, areas, "good", "fair"), compare(ground, areas, "fair", "good")
    assert (up.findings["Effusion"].verdict, down.findings["Effusion"].verdict) == ("higher", "lower")
    assert (up.macro.verdict, down.macro.verdict) == ("higher", "lower")
    assert up.macro.difference == pytest.approx(-down.macro.difference)
    assert up.macro.interval.low == pytest.approx(-down.macro.interval.high)


def test_the_verdict_follows_the_corrected_p_value(ground, areas):
    for pair in compare_all(ground, areas):
        for result in (*pair.findings.values(), pair.macro):
            if result.p_holm >= 0.05:
                assert result.verdict == "not separable"
            else:
                assert result.verdict == ("higher" if result.difference > 0 else "lower")


def test_models_of_one_quality_are_not_separable(ground, areas):
    found = compare(ground, areas, "other", "fair")
    assert {result.verdict for result in found.findings.values()} == {"not separable"}


def test_a_model_beside_itself_is_not_separable(cohort, predictions):
    (pair,) = evaluate(cohort, {"a": predictions, "b": predictions}).results.comparisons
    for result in (pair.findings["Effusion"], pair.findings["Mass"], pair.macro):
        assert (result.difference, result.p_patients, result.p_holm) == (0.0, 1.0, 1.0)
        assert (result.interval.low, result.interval.high) == (0.0, 0.0)
        assert result.verdict == "not separable"
    assert pair.findings["Effusion"].p_delong == 1.0


def test_a_finding_without_positives_is_undefined_and_counts_in_no_correction(cohort, predictions):
    random = np.random.default_rng(7)
    noise = random.random(predictions.probabilities.shape).astype(np.float32)
    other = dataclasses.replace(predictions, probabilities=noise)
    (pair,) = evaluate(cohort, {"a": predictions, "b": other}).results.comparisons
    hernia = pair.findings["Hernia"]
    assert (hernia.difference, hernia.interval, hernia.p_delong, hernia.p_holm) == (None, None, None, None)
    assert (hernia.verdict, hernia.positives, hernia.images) == ("undefined", 0, 30)
    tested = [pair.findings[finding] for finding in ("Effusion", "Mass")]
    expected = multipletests([result.p_patients for result in tested], method="holm")[1]
    assert [result.p_holm for result in tested] == pytest.approx(list(expected))
    assert pair.macro.difference == pytest.approx(np.mean([result.difference for result in tested]))


def test_a_finding_that_one_model_lacks_is_not_compared(cohort, predictions):
    fewer = predictions.probabilities.copy()
    fewer[:, 1] = np.nan
    pair = {"a": predictions, "b": dataclasses.replace(predictions, probabilities=fewer)}
    (found,) = evaluate(cohort, pair).results.comparisons
    assert set(found.findings) == {"Effusion", "Hernia"}
    assert found.macro.difference == 0.0
    assert found.macro.positives == found.findings["Effusion"].positives


def test_two_models_without_a_common_finding_are_undefined(cohort, predictions):
    one, two = predictions.probabilities.copy(), predictions.probabilities.copy()
    one[:, 0], two[:, 1:] = np.nan, np.nan
    pair = {name: dataclasses.replace(predictions, probabilities=p) for name, p in (("a", one), ("b", two))}
    (found,) = evaluate(cohort, pair).results.comparisons
    assert (found.findings, found.macro.difference, found.macro.verdict) == ({}, None, "undefined")


def test_one_positive_patient_is_compared_only_where_it_is_drawn():
    labels = {"Hernia": [True, True] + [False] * 58}
    cohort = made_up_cohort(labels, np.arange(60) // 2)
    pair = {"a": made_up_scores(cohort, 0, 0.5), "b": made_up_scores(cohort, 1, 0.1)}
    ground = ground_of(cohort, pair, replicates=400)
    areas = ground.areas()
    undefined = np.isnan(areas["a", 0].auroc)
    # A patient is left out of a replicate with a probability of (1 - 1/30) ** 30 = 0.36.
    assert undefined.mean() == pytest.approx((1 - 1 / 30) ** 30, abs=0.06)
    found = compare(ground, areas, "a", "b").findings["Hernia"]
    defined = (areas["a", 0].auroc - areas["b", 0].auroc)[~undefined]
    assert found.interval.low == pytest.approx(np.quantile(defined, 0.025))
