"""Youden's threshold against a search over all of them."""

import numpy as np
import pytest

from cxrtune.evaluation.thresholds import youden_threshold, youden_thresholds


def youden_index(labels, scores, threshold):
    calls = scores >= threshold
    return calls[labels == 1].mean() - calls[labels == 0].mean()


@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_has_a_larger_index(seed):
    random = np.random.default_rng(seed)
    labels = (random.random(200) < 0.3).astype(np.float32)
    scores = (random.random(200) * 0.8 + 0.2 * labels).round(2).astype(np.float32)
    chosen = youden_threshold(labels, scores)
    best = max(youden_index(labels, scores, threshold) for threshold in np.unique(scores))
    assert youden_index(labels, scores, chosen) == pytest.approx(best, abs=1e-12)


def test_of_equal_thresholds_the_one_that_calls_fewest_is_taken():
    assert youden_threshold(np.array([0, 1, 0, 1.0]), np.array([0.1, 0.2, 0.3, 0.4])) == 0.4


def test_thresholds_survive_the_way_through_float32():
    labels, scores = np.array([0, 1.0]), np.array([0.1, 0.3], dtype=np.float32)
    assert scores.astype(np.float64)[1] >= youden_threshold(labels, scores)


def test_a_finding_of_one_class_gets_no_threshold():
    labels = np.array([[0, 0], [1, 0.0]])
    assert youden_thresholds(["Mass", "Hernia"], labels, np.array([[0.2, 0.5], [0.7, 0.6]])) == {"Mass": 0.7}
