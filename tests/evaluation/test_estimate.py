"""Sums and differences of estimates against statsmodels, and against independent variances."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from cxrtune.evaluation.statistics.auroc_interval import auroc_estimate
from cxrtune.evaluation.statistics.mover import Estimate, combined, mean_estimate
from cxrtune.evaluation.statistics.proportion import proportion_estimate


def wilson(hits, images, place):
    """A share with Wilson's interval; its images are patients of their own, the first `place` are others'."""
    parts = np.zeros(200)
    parts[place : place + images] = (np.arange(images) < hits) / images - hits / images**2
    return Estimate(
        hits / images, parts, lambda level: proportion_confint(hits, images, level, method="wilson")
    )


@pytest.mark.parametrize(("first", "second"), [((9, 20), (33, 50)), ((20, 20), (44, 50)), ((0, 20), (0, 50))])
def test_a_difference_of_independent_shares_is_newcombes(first, second):
    found = combined([(1.0, wilson(*first, 0)), (-1.0, wilson(*second, 100))])
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert found.value == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert found.interval() == pytest.approx(expected, abs=1e-12)


def test_a_difference_with_itself_is_all_but_certain():
    one = wilson(9, 20, 0)
    found = combined([(1.0, one), (-1.0, one)])
    (low, high), (lower, higher) = found.interval(), one.interval()
    assert found.value == 0
    # What is left is how much longer one side of Wilson's interval is than the other.
    assert high == pytest.approx(-low)
    assert high == pytest.approx((higher - one.value) - (one.value - lower), abs=1e-12)


def test_a_mean_of_equal_estimates_is_as_wide_as_one():
    one = wilson(15, 20, 0)
    assert mean_estimate([one, one, one]).interval() == pytest.approx(one.interval(), abs=1e-9)
    assert mean_estimate([]) is None


def test_a_lower_level_is_a_wider_interval():
    one = combined([(1.0, wilson(15, 20, 0)), (-1.0, wilson(30, 50, 100))])
    (low, high), (lower, higher) = one.interval(), one.interval(0.01)
    assert lower < low < one.value < high < higher


@pytest.fixture(scope="module")
def images():
    """900 images of 300 patients, a third of whom have the finding; two findings' scores are related."""
    random = np.random.default_rng(5)
    patients = np.repeat(np.arange(300), 3)
    truth = patients < 100
    shared = random.normal(size=300)[patients]
    scores = truth[:, np.newaxis] * 1.5 + shared[:, np.newaxis] + random.normal(size=(900, 2))
    return truth, scores, patients


def test_the_parts_of_a_mean_have_the_variance_of_a_jackknife_over_patients(images):
    truth, scores, patients = images

    def mean(keep):
        estimates = [auroc_estimate(truth[keep], scores[keep, m], patients[keep], 300) for m in (0, 1)]
        return combined([(0.5, one) for one in estimates])

    without = np.array([mean(patients != patient).value for patient in range(300)])
    jackknife = 299 / 300 * ((without - without.mean()) ** 2).sum()
    # Both are estimates of one variance; they differ by terms of 1 over the number of patients.
    assert (mean(patients >= 0).parts ** 2).sum() == pytest.approx(jackknife, rel=0.03)


def test_where_there_is_much_to_go_by_the_interval_of_a_mean_is_that_of_its_variance(images):
    truth, scores, patients = images
    estimates = [auroc_estimate(truth, scores[:, m], patients, 300) for m in (0, 1)]
    found = mean_estimate(estimates)
    low, high = found.interval()
    half = norm.ppf(0.975) * np.sqrt((found.parts**2).sum())
    # Newcombe's model of the variance and Student's t make it a little wider.
    assert 1.0 < (high - low) / (2 * half) < 1.1


def test_shares_of_patients_images_add_up_as_they_correlate():
    hits, images = np.array([3, 0, 1, 2, 2, 0, 1, 3]), np.full(8, 3)
    one, other = proportion_estimate(hits, images), proportion_estimate(3 - hits, images)
    found = combined([(1.0, one), (1.0, other)])
    # A share and its complement always add up to 1, and each one's upper side is the other's lower one.
    assert (found.value, *found.interval()) == pytest.approx((1.0, 1.0, 1.0), abs=1e-6)
    assert proportion_estimate(np.zeros(3), np.zeros(3, int)) is None
