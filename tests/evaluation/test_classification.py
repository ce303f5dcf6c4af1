"""The classification report against scikit-learn's, which says NaN where we say None."""

import math

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from cxrtune.evaluation.classification import averages, count


@pytest.fixture
def tables():
    random = np.random.default_rng(4)
    truth = random.random((120, 5)) < [0.3, 0.2, 0.1, 0.05, 0.0]
    calls = (random.random((120, 5)) < 0.25) ^ truth
    calls[:, 3] = False
    return calls, truth


def same(ours, theirs):
    assert (math.nan if ours is None else ours) == pytest.approx(theirs, abs=1e-12, nan_ok=True)


def test_each_finding_equals_scikit_learn(tables):
    calls, truth = tables
    theirs = precision_recall_fscore_support(truth, calls, average=None, zero_division=np.nan)
    for column in range(truth.shape[1]):
        ours = count(calls[:, column], truth[:, column], np.ones(len(truth), dtype=bool))
        same(ours.precision, theirs[0][column])
        same(ours.recall, theirs[1][column])
        same(ours.f1, theirs[2][column])
        assert ours.support == theirs[3][column]


@pytest.mark.parametrize("average", ["micro", "macro", "weighted", "samples"])
def test_averages_equal_scikit_learn(tables, average):
    calls, truth = tables
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, calls, average=average, zero_division=np.nan
    )
    ours = averages(calls, truth, np.ones_like(truth))[average]
    same(ours.precision, precision)
    same(ours.recall, recall)
    same(ours.f1, f1)
    assert ours.support == truth.sum()


def test_undefined_values_are_neither_zero_nor_one(tables):
    calls, truth = tables
    never_called = count(calls[:, 3], truth[:, 3], np.ones(len(truth), dtype=bool))
    assert never_called.precision is None
    assert never_called.recall == 0
    never_present = count(calls[:, 4], truth[:, 4], np.ones(len(truth), dtype=bool))
    assert never_present.recall is None
    assert never_present.precision == 0


def test_averages_say_over_how_many_findings_they_run(tables):
    calls, truth = tables
    calls[:, 4] = False
    assert averages(calls, truth, np.ones_like(truth))["macro"].over == 4


def test_what_is_not_known_is_in_no_count():
    calls, truth = np.array([[True, False], [True, True]]), np.array([[True, True], [False, True]])
    usable = np.array([[True, False], [False, True]])
    assert averages(calls, truth, usable)["micro"].precision == 1.0
    assert averages(calls, truth, usable)["micro"].support == 2


def test_averages_of_nothing_are_undefined():
    nothing = np.zeros((3, 2), dtype=bool)
    for average in averages(nothing, nothing, ~nothing).values():
        assert (average.precision, average.recall, average.f1) == (None, None, None)
