"""Many shares at once: Jeffreys' limits by statsmodels, and the effective number of a single share."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from cxrtune.evaluation.statistics.effective_size import kish, student
from cxrtune.evaluation.statistics.proportion import effective_images, proportion_interval, shares_of


def test_one_image_per_patient_has_jeffreys_limits():
    random = np.random.default_rng(0)
    hits = (random.random((80, 5)) < (0.02, 0.2, 0.5, 0.9, 0.99)).astype(float)
    hits[0] = 1, 1, 1, 0, 0
    found = shares_of(hits, np.ones(80, dtype=int), student(80))
    for place, count in enumerate(hits.sum(axis=0)):
        low, high = proportion_confint(count, 80, method="jeffreys")
        assert found.value[place] == pytest.approx(count / 80)
        assert (found.low[place], found.high[place]) == pytest.approx((low, high), abs=1e-9)


def test_several_images_have_the_effective_number_of_a_single_share():
    random = np.random.default_rng(1)
    images = random.integers(1, 6, 60)
    hits = random.binomial(images, random.random(60)).astype(float)
    found = shares_of(hits[:, np.newaxis], images, student(kish(images)))
    number = effective_images(hits, images)
    share = hits.sum() / images.sum()
    low, high = proportion_confint(share * number, number, method="jeffreys")
    assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=1e-9)
    # The mid-p limits differ by less than a hundredth.
    assert (found.low[0], found.high[0]) == pytest.approx(proportion_interval(hits, images), abs=0.01)
    assert found.high[0] - found.low[0] > 2 * norm.ppf(0.975) * np.sqrt(share * (1 - share) / images.sum())


def test_none_and_all_have_limits_of_some_width():
    images = np.array([1, 2, 3, 2])
    found = shares_of(np.stack([0 * images, images], axis=1).astype(float), images, student(4))
    assert found.value.tolist() == [0, 1]
    assert (found.low[0], found.high[1]) == (0, 1)
    assert found.high[0] > 0.2
    assert found.low[1] < 0.8


def test_a_single_patient_is_worth_one_image():
    found = shares_of(np.array([[2.0]]), np.array([4]), student(1))
    low, high = proportion_confint(0.5, 1, method="jeffreys")
    assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=1e-9)
