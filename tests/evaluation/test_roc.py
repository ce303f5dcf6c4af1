"""AUROC and ROC curves against pair counting and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_roc_curve

from cxrtune.evaluation.roc import auroc, macro_auroc, roc_curve


def pair_counting(labels, scores):
    positives, negatives = scores[labels == 1], scores[labels == 0]
    wins = (positives[:, None] > negatives[None]).sum() + 0.5 * (positives[:, None] == negatives[None]).sum()
    return wins / (len(positives) * len(negatives))


@pytest.fixture(params=[0, 1, 2])
def table(request):
    """Labels and scores with many ties."""
    random = np.random.default_rng(request.param)
    labels = (random.random(300) < 0.2).astype(np.float32)
    scores = np.round(random.random(300) + 0.3 * labels, 1 + request.param).astype(np.float32)
    return labels, scores


def test_auroc_is_the_share_of_pairs_in_order_with_ties_as_one_half(table):
    assert auroc(*table) == pytest.approx(pair_counting(*table), abs=1e-12)


def test_auroc_equals_scikit_learn(table):
    assert auroc(*table) == pytest.approx(roc_auc_score(*table), abs=1e-12)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_auroc_of_one_class_is_undefined(label):
    assert auroc(np.full(5, label), np.arange(5.0)) is None
    assert roc_curve(np.full(5, label), np.arange(5.0)) is None


def test_unknown_labels_and_scores_are_left_out():
    labels = np.array([1, 0, np.nan, 1, 0, 0.0])
    scores = np.array([0.9, 0.1, 0.0, np.nan, 0.8, 0.95])
    assert auroc(labels, scores) == pytest.approx(2 / 3)


def test_perfect_and_reversed_scores():
    labels = np.array([0, 0, 1, 1.0])
    assert auroc(labels, labels) == 1.0
    assert auroc(labels, -labels) == 0.0
    assert auroc(labels, np.zeros(4)) == 0.5


def test_roc_curve_equals_scikit_learn(table):
    curve = roc_curve(*table)
    false_positive_rate, sensitivity, thresholds = sklearn_roc_curve(*table, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive_rate, false_positive_rate, atol=1e-12)
    np.testing.assert_allclose(curve.sensitivity, sensitivity, atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, thresholds)


def test_area_under_the_curve_is_the_auroc(table):
    curve = roc_curve(*table)
    assert np.trapezoid(curve.sensitivity, curve.false_positive_rate) == pytest.approx(
        auroc(*table), abs=1e-12
    )


def test_macro_leaves_undefined_findings_out_and_counts_the_others():
    labels = np.array([[1, 0], [0, 0], [1, 0], [0, 0.0]])
    scores = np.array([[0.9, 0.1], [0.2, 0.5], [0.1, 0.7], [0.05, 0.3]])
    assert macro_auroc(labels, scores) == (0.75, 1)
    assert macro_auroc(labels[:, 1:], scores[:, 1:]) == (None, 0)
