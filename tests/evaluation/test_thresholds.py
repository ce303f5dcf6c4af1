"""Each rule's threshold against a search over all of them."""

from fractions import Fraction

import numpy as np
import pytest
from sklearn.metrics import f1_score

from cxrtune.evaluation.thresholds import AT_LEAST, RULES, operating_point, operating_points


def youden_index(labels, scores, threshold):
    calls = scores >= threshold
    return calls[labels == 1].mean() - calls[labels == 0].mean()


@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_has_a_larger_index(seed):
    random = np.random.default_rng(seed)
    labels = (random.random(200) < 0.3).astype(np.float32)
    scores = (random.random(200) * 0.8 + 0.2 * labels).round(2).astype(np.float32)
    chosen = operating_point(labels, scores).threshold
    best = max(youden_index(labels, scores, threshold) for threshold in np.unique(scores))
    assert youden_index(labels, scores, chosen) == pytest.approx(best, abs=1e-12)


def test_of_equal_thresholds_the_one_that_calls_fewest_is_taken():
    assert operating_point(np.array([0, 1, 0, 1.0]), np.array([0.1, 0.2, 0.3, 0.4])).threshold == 0.4


@pytest.mark.parametrize("rule", ["youden", "f1"])
def test_what_is_equally_good_is_not_decided_by_rounding(rule):
    # Ten of each, best by descending score; two thresholds are equally good, as fractions and not as floats.
    labels = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 0, 0], dtype=np.float64)
    scores = np.linspace(0.99, 0.04, 20)
    positives, hits, calls = int(labels.sum()), np.cumsum(labels).astype(int), np.arange(1, 21)
    worth = {
        "youden": [Fraction(int(h), positives) - Fraction(int(c - h), 20 - positives)
                   for h, c in zip(hits, calls, strict=True)],
        "f1": [Fraction(2 * int(h), int(c) + positives) for h, c in zip(hits, calls, strict=True)],
    }[rule]  # fmt: skip
    assert operating_point(labels, scores, rule).threshold == scores[worth.index(max(worth))]


def test_thresholds_survive_the_way_through_float32():
    labels, scores = np.array([0, 1.0]), np.array([0.1, 0.3], dtype=np.float32)
    assert scores.astype(np.float64)[1] >= operating_point(labels, scores).threshold


@pytest.mark.parametrize("seed", range(3))
def test_the_other_rules_against_a_search(seed):
    random = np.random.default_rng(seed)
    labels = (random.random(300) < 0.3).astype(np.float32)
    scores = (random.random(300) * 0.8 + 0.3 * labels).round(2).astype(np.float32)
    steps = np.unique(scores)
    sensitivity = np.array([(scores >= step)[labels == 1].mean() for step in steps])
    specificity = np.array([(scores < step)[labels == 0].mean() for step in steps])
    best_f1 = max(f1_score(labels, scores >= step) for step in steps)
    points = {rule: operating_point(labels, scores, rule) for rule in RULES}
    assert f1_score(labels, scores >= points["f1"].threshold) == pytest.approx(best_f1)
    assert points["sensitivity"].threshold == steps[sensitivity >= AT_LEAST].max()
    assert points["specificity"].threshold == steps[specificity >= AT_LEAST].min()
    for point in points.values():
        place = list(steps).index(point.threshold)
        assert point.sensitivity == pytest.approx(sensitivity[place])
        assert point.specificity == pytest.approx(specificity[place])


def test_a_specificity_that_no_threshold_reaches_gives_none():
    labels, scores = np.array([0, 0, 1.0]), np.array([0.9, 0.1, 0.5])
    assert operating_point(labels, scores, "specificity") is None


def test_a_finding_of_one_class_gets_no_threshold():
    labels = np.array([[0, 0], [1, 0.0]])
    chosen = operating_points(["Mass", "Hernia"], labels, np.array([[0.2, 0.5], [0.7, 0.6]]))
    assert {finding: point.threshold for finding, point in chosen.items()} == {"Mass": 0.7}
