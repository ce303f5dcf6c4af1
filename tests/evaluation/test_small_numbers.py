"""Intervals and tests that hold with few patients, against counts and sums written out."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import beta, binom, norm, rankdata, t
from sklearn.metrics import roc_auc_score

from cxrtune.evaluation.statistics.auroc_interval import auroc_interval
from cxrtune.evaluation.statistics.effective_size import kish
from cxrtune.evaluation.statistics.holm import holm, holm_levels
from cxrtune.evaluation.statistics.proportion import proportion_interval
from cxrtune.evaluation.statistics.swaps import mean_of_pairs, paired_areas, paired_means, swap


def enough(_):
    return True


@pytest.fixture
def small():
    """22 images of 9 patients, five of whom have the finding; scores with ties."""
    random = np.random.default_rng(3)
    patients = np.sort(np.r_[np.arange(9), random.integers(0, 9, 13)])
    truth = (patients < 5) & (random.random(22) < 0.7)
    scores = np.round(random.random((22, 2)) + 0.4 * truth[:, np.newaxis], 1)
    return truth, scores, patients


def swapped_difference(truth, scores, patients, signs):
    """Swap the ranks of both models in the patients whose sign is negative, and rank everything anew."""
    ranks = rankdata(scores, axis=0)
    turned = np.where((signs[patients] < 0)[:, np.newaxis], ranks[:, ::-1], ranks)
    return roc_auc_score(truth, turned[:, 0]) - roc_auc_score(truth, turned[:, 1])


def test_every_swap_is_a_sum_of_signed_weights(small):
    truth, scores, patients = small
    pair = paired_areas(truth, scores, patients, 9)
    assert pair.shares.sum() == pytest.approx(1, abs=1e-12)
    for signs in product((-1, 1), repeat=9):
        expected = swapped_difference(truth, scores, patients, np.array(signs))
        assert np.dot(signs, pair.weights) == pytest.approx(expected, abs=1e-12)


def test_the_p_value_is_that_of_all_swaps(small):
    truth, scores, patients = small
    every = [swapped_difference(truth, scores, patients, np.array(s)) for s in product((-1, 1), repeat=9)]
    whole = swapped_difference(truth, scores, patients, np.ones(9))
    exact = np.mean(np.abs(every) >= abs(whole) - 1e-9)
    (found,) = swap([paired_areas(truth, scores, patients, 9)], 0, enough)
    # Four Monte-Carlo standard errors of 20,000 draws.
    assert found.p_value() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000))
    assert found.error_of(found.p_value()) == pytest.approx(np.sqrt(exact * (1 - exact) / 20_000), rel=0.1)


@pytest.mark.parametrize("level", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("seed", range(6))
def test_the_interval_leaves_out_zero_where_the_test_rejects(level, seed):
    random = np.random.default_rng(seed)
    patients = np.repeat(np.arange(12), 2)
    pair = paired_means(random.normal(0.2 * (seed % 3), 1, 24), patients, 12)
    (found,) = swap([pair], seed, enough)
    low, high = found.interval(level)
    assert low <= found.difference <= high
    assert (low <= 0 <= high) == (found.p_value() > level)
    # What lies just inside is not rejected, and what lies just outside is.
    for end, side in ((low, -1), (high, 1)):
        if end not in (0, found.difference):
            assert found.p_value(end - side * 1e-4) > level >= found.p_value(end + side * 1e-4)


def test_a_shift_is_in_the_interval_as_often_as_it_says():
    """400 samples of 15 patients: 95 %, and three standard errors of that count are 3.3 points."""
    random, held = np.random.default_rng(0), 0
    for _ in range(400):
        pair = paired_means(random.normal(0.3, 0.1 + random.random(15), 15), np.arange(15), 15)
        low, high = swap([pair], 1, enough)[0].interval()
        held += low <= 0.3 <= high
    assert 0.917 <= held / 400 <= 0.983


def test_models_that_give_equal_ranks_have_no_spread(small):
    truth, scores, patients = small
    same = np.stack([scores[:, 0], scores[:, 0] / 2], axis=1)
    (found,) = swap([paired_areas(truth, same, patients, 9)], 0, enough)
    assert (found.difference, found.p_value(), found.interval()) == (0, 1, None)


def test_the_mean_of_comparisons_swaps_the_same_patients(small):
    truth, scores, patients = small
    pairs = [paired_areas(truth, scores, patients, 9), paired_areas(truth[::-1].copy(), scores, patients, 9)]
    drawn = swap([*pairs, mean_of_pairs(pairs)], 5, enough)
    expected = (drawn[0].drawn + drawn[1].drawn) / 2
    assert drawn[2].drawn == pytest.approx(expected, abs=1e-6)  # sums in single precision


def test_draws_go_on_until_it_is_decided_or_there_are_the_most():
    pair = paired_means(np.random.default_rng(0).normal(size=8), np.arange(8), 8)
    numbers = []

    def after_three(swapped):
        numbers.append(len(swapped[0].drawn))
        return len(numbers) == 3

    swap([pair], 0, after_three)
    assert numbers == [20_000, 40_000, 80_000]
    assert len(swap([pair], 0, lambda _: False)[0].drawn) == 640_000


@pytest.mark.parametrize("seed", range(5))
def test_holms_levels_decide_as_its_p_values_do(seed):
    random = np.random.default_rng(seed)
    p_values = [*(random.random(6) ** 4), None, *random.random(3)]
    for p_value, adjusted, level in zip(p_values, holm(p_values), holm_levels(p_values, 0.05), strict=True):
        if p_value is None:
            assert (adjusted, level) == (None, None)
        else:
            assert (p_value <= level) == (adjusted <= 0.05)


def mid_p(hits, images):
    """Walk over the true share; a share is left out where its two tails are too small."""
    true = np.linspace(0, 1, 200_001)
    below = binom.cdf(hits - 1, images, true) + binom.pmf(hits, images, true) / 2
    inside = true[(below >= 0.025) & (below <= 0.975)]
    return inside[0], inside[-1]


@pytest.mark.parametrize(("hits", "images"), [(0, 11), (11, 11), (3, 7), (22, 22), (48, 50), (1, 1)])
def test_one_image_per_patient_has_the_exact_mid_p_interval(hits, images):
    each = np.arange(images) < hits
    found = proportion_interval(each.astype(int), np.ones(images, dtype=int))
    assert found == pytest.approx(mid_p(hits, images), abs=1e-5)  # the walk's step
    assert found[1] - found[0] > 0


def test_all_hits_of_patients_with_many_images_count_as_patients():
    images = np.array([1, 1, 1, 1, 16])
    low, high = proportion_interval(images, images)
    assert high == 1
    # 400 / 260 images' worth: with all hits the lower end solves true ** n / 2 = 0.025.
    assert low == pytest.approx(0.05 ** (260 / 400), abs=1e-6)
    assert kish(images) == pytest.approx(400 / 260)


def test_the_design_effect_is_that_of_the_patients():
    hits, images = np.array([4, 0, 3, 1, 2, 4]), np.array([4, 4, 3, 2, 4, 5])
    share, number = 14 / 22, 22
    spread = sum((h - share * n) ** 2 for h, n in zip(hits, images, strict=True)) / number**2 * 6 / 5
    worth = share * (1 - share) / spread * (norm.ppf(0.975) / t.ppf(0.975, 5)) ** 2
    worth = min(number, max(worth, kish(images)))
    low, high = proportion_interval(hits, images)
    for end, tail in ((low, 0.025), (high, 0.975)):
        # The beta function between the whole numbers of a binomial.
        more = (beta.cdf(end, share * worth, worth - share * worth + 1)
                + beta.cdf(end, share * worth + 1, worth - share * worth)) / 2  # fmt: skip
        assert more == pytest.approx(tail, abs=1e-6)
    whole = mid_p(14, 22)
    assert low < whole[0] < whole[1] < high


def test_no_image_has_no_share():
    assert proportion_interval(np.zeros(3, dtype=int), np.zeros(3, dtype=int)) is None


def newcombe(area, positives, negatives):
    """Walk over the true area by Newcombe's method 5."""
    true = np.linspace(0, 1, 400_001)[1:-1]
    mean = (positives + negatives) / 2 - 1
    variance = true * (1 - true) * (1 + mean * (1 - true) / (2 - true) + mean * true / (1 + true))
    inside = true[(area - true) ** 2 <= norm.ppf(0.975) ** 2 * variance / (positives * negatives)]
    return inside[0], inside[-1]


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.5, 9.0])
def test_one_image_per_patient_has_newcombes_interval(shift):
    random = np.random.default_rng(1)
    truth = np.arange(60) < 12
    scores = random.normal(size=60) + shift * truth
    found = auroc_interval(truth, scores, np.arange(60))
    assert found == pytest.approx(newcombe(roc_auc_score(truth, scores), 12, 48), abs=1e-5)


def test_all_pairs_in_order_do_not_make_it_certain():
    truth = np.arange(25) < 5
    low, high = auroc_interval(truth, truth.astype(float), np.arange(25))
    assert high == 1
    assert 0.6 < low < 0.95
    low, high = auroc_interval(truth, -truth.astype(float), np.arange(25))
    assert low == 0
    assert 0.05 < high < 0.4


def test_images_of_a_patient_that_are_alike_make_it_wider():
    random = np.random.default_rng(2)
    patients = np.repeat(np.arange(30), 6)
    truth = patients < 8
    scores = random.normal(size=30)[patients] + truth + 0.05 * random.normal(size=180)
    low, high = auroc_interval(truth, scores, patients)
    alone = auroc_interval(truth, scores, np.arange(180))
    assert high - low > 1.8 * (alone[1] - alone[0])


@pytest.mark.parametrize("truth", [np.zeros(6, bool), np.ones(6, bool), np.arange(6) < 2])
def test_without_two_patients_on_each_side_there_is_no_interval(truth):
    assert auroc_interval(truth, np.arange(6.0), np.array([0, 0, 1, 2, 3, 4])) is None
