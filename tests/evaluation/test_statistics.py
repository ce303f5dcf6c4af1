"""Intervals and tests against independent oracles: pair counting, R's pROC, scikit-learn, statsmodels."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score
from statsmodels.stats.multitest import multipletests

from cxrtune.evaluation.precision_recall import average_precision
from cxrtune.evaluation.roc import auroc
from cxrtune.evaluation.statistics.bootstrap import draw_patients, percentile_interval
from cxrtune.evaluation.statistics.delong import delong, placements
from cxrtune.evaluation.statistics.holm import holm
from cxrtune.evaluation.statistics.replicates import precision_replicates

GOLDEN = json.loads((Path(__file__).parent / "golden" / "proc.json").read_text())


@pytest.fixture(params=range(4))
def sample(request):
    """Truth, two models' scores with ties, and the patients of 240 images."""
    random = np.random.default_rng(request.param)
    truth = random.random(240) < (0.1, 0.3, 0.5, 0.02)[request.param]
    truth[:2] = True, False
    scores = (random.random((240, 2)) + 0.4 * truth[:, np.newaxis]).round(2)
    return truth, scores, random.integers(60, size=240).astype(str).astype(object)


def test_auroc_counts_pairs_with_ties_as_one_half(sample):
    truth, scores, _ = sample
    pairs = [(p > n) + (p == n) / 2 for p, n in product(scores[truth, 0], scores[~truth, 0])]
    assert auroc(truth.astype(float), scores[:, 0]) == pytest.approx(np.mean(pairs), abs=1e-12)
    assert delong(truth, scores).aurocs[0] == pytest.approx(np.mean(pairs), abs=1e-12)


def test_average_precision_is_scikit_learns(sample):
    truth, scores, _ = sample
    expected = average_precision_score(truth, scores[:, 0])
    assert average_precision(truth.astype(float), scores[:, 0]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_delong_is_that_of_proc(case):
    truth, scores = np.array(case["truth"], dtype=bool), np.array(case["scores"])
    found = delong(truth, scores)
    np.testing.assert_allclose(found.aurocs, case["aurocs"], atol=1e-8)
    np.testing.assert_allclose(found.covariance, case["covariance"], atol=1e-8)
    assert found.p_value(0, 1) == pytest.approx(case["p_value"], abs=1e-8)
    for model in range(2):
        np.testing.assert_allclose(found.interval(model), case["intervals"][model], atol=1e-8)


def test_equal_models_do_not_differ(sample):
    truth, scores, _ = sample
    assert delong(truth, scores[:, [0, 0]]).p_value(0, 1) == 1.0
    assert delong(truth, np.stack([scores[:, 0], scores[:, 0] * 3], axis=1)).p_value(0, 1) == 1.0


def test_models_that_differ_in_one_pair_of_many_are_tested_by_that_pair():
    truth = np.arange(80_000) < 40_000
    scores = np.random.default_rng(0).permutation(len(truth)).astype(float)
    other = scores.copy()
    # A positive and the negative right below it change places: one of 1.6 x 10^9 pairs.
    first = next(place for place in range(40_000) if not truth[scores == scores[place] - 1][0])
    other[first], other[scores == scores[first] - 1] = scores[first] - 1, scores[first]
    found = delong(truth, np.stack([scores, other], axis=1))
    # One of n placements differs, by 1/n: the areas by 1/n^2, with a variance of 1/n^4 from either class.
    assert found.p_value(0, 1) == pytest.approx(2 * norm.sf(np.sqrt(1 / 2)), rel=1e-3)


def test_one_positive_has_an_auroc_but_no_variance():
    truth = np.array([True, False, False])
    found = delong(truth, np.array([[0.9], [0.1], [0.2]]))
    assert found.aurocs[0] == 1.0
    assert found.interval(0) is None
    assert delong(np.array([False, False]), np.zeros((2, 1))) is None


def test_placements_are_shares_of_the_other_class():
    truth, scores = np.array([True, False, False]), np.array([[0.5], [0.5], [0.1]])
    above, below = placements(truth, scores)
    assert above.tolist() == [[0.75]]
    assert below.tolist() == [[0.5], [1.0]]


def test_every_replicate_is_the_sample_with_patients_repeated(sample):
    truth, scores, patients = sample
    resamples = draw_patients(patients, replicates=150, seed=3)
    assert (resamples.times.sum(axis=0) == resamples.patients).all()
    drawn = precision_replicates(truth, scores[:, 0], np.arange(240), resamples)
    for replicate in range(150):
        weights = resamples.times[resamples.codes, replicate]
        repeated = np.repeat(np.arange(240), weights)
        if truth[repeated].all() or not truth[repeated].any():
            assert np.isnan(drawn[replicate])
            continue
        expected = average_precision_score(truth[repeated], scores[repeated, 0])
        assert drawn[replicate] == pytest.approx(expected, abs=1e-12)


def test_replicates_follow_from_the_seed():
    patients = np.array(["a", "b", "c", "a"], dtype=object)
    first, again, other = (draw_patients(patients, replicates=200, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.times, again.times)
    assert not np.array_equal(first.times, other.times)
    assert first.codes.tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize("seed", range(3))
def test_holm_is_statsmodels(seed):
    p_values = np.random.default_rng(seed).random(14) ** 3
    expected = multipletests(p_values, method="holm")[1]
    assert holm(list(p_values)) == pytest.approx(list(expected), abs=1e-15)


def test_a_test_that_was_not_made_does_not_count():
    assert holm([0.01, None, 0.04]) == [0.02, None, 0.04]
    assert holm([]) == []


def test_an_interval_needs_replicates_that_define_the_value():
    values = np.full(2000, np.nan)
    values[:99] = 0.5
    assert percentile_interval(values) is None
    values[:1001] = np.linspace(0, 1, 1001)
    assert percentile_interval(values) == pytest.approx((0.025, 0.975))


def test_replicates_without_spread_give_no_interval():
    assert percentile_interval(np.ones(2000)) is None
