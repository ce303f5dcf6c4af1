"""Precision against recall, and the area under it, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from sklearn.metrics import precision_recall_curve as theirs

from cxrtune.evaluation.precision_recall import average_precision, precision_recall_curve


@pytest.fixture(params=range(3))
def sample(request):
    random = np.random.default_rng(request.param)
    truth = random.random(150) < (0.02, 0.2, 0.6)[request.param]
    truth[:2] = True, False
    return truth, (random.random(150) + 0.4 * truth).round(2)


def test_the_curve_is_scikit_learns(sample):
    truth, scores = sample
    found = precision_recall_curve(truth.astype(float), scores)
    # Theirs runs from the lowest score up and ends with a point that no score has.
    precision, recall, _ = theirs(truth, scores)
    np.testing.assert_allclose(found.precision, precision[:-1][::-1], atol=1e-12)
    np.testing.assert_allclose(found.recall, recall[:-1][::-1], atol=1e-12)


def test_average_precision_is_the_sum_over_the_curve(sample):
    truth, scores = sample
    expected = average_precision_score(truth, scores)
    assert average_precision(truth.astype(float), scores) == pytest.approx(expected, abs=1e-12)


def test_what_is_not_known_is_left_out(sample):
    truth, scores = sample
    labels, values = truth.astype(float), scores.copy()
    labels[10], values[11] = np.nan, np.nan
    keep = np.delete(np.arange(150), [10, 11])
    expected = average_precision_score(truth[keep], scores[keep])
    assert average_precision(labels, values) == pytest.approx(expected, abs=1e-12)


def test_equal_scores_give_the_prevalence():
    assert average_precision(np.array([1.0, 0, 0, 0]), np.full(4, 0.3)) == 0.25


@pytest.mark.parametrize("label", [0.0, 1.0, np.nan])
def test_one_class_has_no_curve(label):
    assert precision_recall_curve(np.full(5, label), np.arange(5.0)) is None
    assert average_precision(np.full(5, label), np.arange(5.0)) is None
