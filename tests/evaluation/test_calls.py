"""Precision, recall and their kin against scikit-learn, on all images and on the repeated ones of replicates.

Scikit-learn says NaN where we say None.
"""

import math

import numpy as np
import pytest
from made_up import ground_of, made_up_cohort, made_up_scores, repeated
from scipy.stats import t
from sklearn.metrics import precision_recall_fscore_support, recall_score

from cxrtune.evaluation.calls import averages, call_replicates, count
from cxrtune.evaluation.common_ground import aligned
from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.evaluation.statistics.bootstrap import draw_patients
from cxrtune.evaluation.statistics.proportion import proportion_interval

MEASURES = [(0, "precision"), (1, "recall"), (2, "f1")]


def same(ours, theirs):
    assert ours == pytest.approx(theirs, abs=1e-12, nan_ok=True)


def same_value(ours, theirs):
    same(math.nan if ours is None else ours, theirs)


@pytest.fixture
def tables():
    random = np.random.default_rng(4)
    truth = random.random((120, 5)) < [0.3, 0.2, 0.1, 0.05, 0.0]
    calls = (random.random((120, 5)) < 0.25) ^ truth
    calls[:, 3] = False
    return calls, truth


def test_each_finding_equals_scikit_learn(tables):
    calls, truth = tables
    theirs = precision_recall_fscore_support(truth, calls, average=None, zero_division=np.nan)
    for column in range(truth.shape[1]):
        ours = count(calls[:, column], truth[:, column], np.ones(len(truth), dtype=bool))
        same_value(ours.precision, theirs[0][column])
        same_value(ours.recall, theirs[1][column])
        same_value(ours.f1, theirs[2][column])
        assert ours.support == theirs[3][column]


@pytest.mark.parametrize("average", ["micro", "macro", "weighted", "samples"])
def test_averages_equal_scikit_learn(tables, average):
    calls, truth = tables
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, calls, average=average, zero_division=np.nan
    )
    ours = averages(calls, truth, np.ones_like(truth))[average]
    same_value(ours.precision, precision)
    same_value(ours.recall, recall)
    same_value(ours.f1, f1)
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


def test_every_replicate_is_scikit_learns_on_the_repeated_images():
    # The positives are of two patients, the first three images of no use.
    cohort = made_up_cohort({"Mass": np.isin(np.arange(60), [1, 10, 11, 30])}, np.arange(60) // 3)
    ground = ground_of(cohort, {"a": made_up_scores(cohort, 1)})
    truth, calls, usable = ground.truth[:, 0], ground.scores["a"][:, 0] > 0.5, np.arange(60) > 2
    columns = [column[:, np.newaxis] for column in (calls, truth, usable)]
    found = {name: drawn[0] for name, drawn in call_replicates(*columns, ground.resamples).items()}
    for replicate in range(ground.resamples.replicates):
        rows = repeated(ground, replicate)
        rows = rows[usable[rows]]
        precision, recall, f1, _ = precision_recall_fscore_support(
            truth[rows], calls[rows], average="binary", zero_division=np.nan
        )
        same(found["precision"][replicate], precision)
        same(found["recall"][replicate], recall)
        same(found["f1"][replicate], f1)
        specificity = recall_score(~truth[rows], ~calls[rows], zero_division=np.nan)
        same(found["specificity"][replicate], specificity)
    assert 0 < np.isnan(found["recall"]).mean() < 1


@pytest.fixture
def replayed(cohort, predictions):
    """The evaluated model, the truth and calls of the test images, and the rows of every replicate."""
    model = evaluate(cohort, {"a": predictions}, EvaluationSettings(replicates=300, seed=4)).results.models[0]
    rows = cohort.rows("test")
    limits = [found.threshold for found in model.findings.values()]
    calls = aligned("a", predictions, cohort)[rows].astype(np.float64) >= limits
    resamples = draw_patients(cohort.patients[rows], replicates=300, seed=4)
    drawn = [np.repeat(np.arange(30), times[resamples.codes]) for times in resamples.times.T]
    return model, cohort.labels[rows], calls, drawn


def values(labels, calls, column, rows):
    """Precision, recall and F1 of one finding, NaN where not defined."""
    rows = rows[~np.isnan(labels[rows, column])]
    return precision_recall_fscore_support(
        labels[rows, column], calls[rows, column], average="binary", zero_division=np.nan
    )[:3]


def spread(value, replicates, patients):
    """Student's interval on the logit scale, written out."""
    half = t.ppf(0.975, patients - 1) * np.nanstd(replicates, ddof=1) / (value * (1 - value))
    odds = value / (1 - value) * np.exp([-half, half])
    return tuple(odds / (1 + odds))


def test_the_interval_of_f1_is_of_replicates_made_by_brute_force(replayed):
    model, labels, calls, drawn = replayed
    replicates = [values(labels, calls, 0, rows)[2] for rows in drawn]
    found = model.findings["Effusion"].intervals["f1"]
    effusion = model.findings["Effusion"]
    expected = spread(effusion.f1, replicates, effusion.positive_patients)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_shares_have_the_interval_of_their_patients(replayed, cohort):
    model, labels, calls, _ = replayed
    patients = np.unique(cohort.patients[cohort.rows("test")].astype(str), return_inverse=True)[1]
    truth, called = labels[:, 0] == 1, calls[:, 0]
    for measure, right, of in (
        ("precision", truth & called, called),
        ("recall", truth & called, truth),
        ("specificity", ~truth & ~called, ~truth),
    ):
        counts = [np.bincount(patients, weights=mask).astype(int) for mask in (right, of)]
        found = model.findings["Effusion"].intervals[measure]
        assert (found.low, found.high) == proportion_interval(*counts)
        assert found.low < getattr(model.findings["Effusion"], measure) <= found.high


@pytest.mark.parametrize(("place", "measure"), MEASURES)
def test_the_macro_interval_runs_over_the_findings_that_the_average_runs_over(
    replayed, cohort, place, measure
):
    model, labels, calls, drawn = replayed
    # Nobody has a hernia, but some are called: its precision is 0, and counts.
    assert model.findings["Hernia"].precision == 0.0
    whole = [values(labels, calls, column, np.arange(30))[place] for column in range(3)]
    assert getattr(model.averages["macro"], measure) == pytest.approx(np.nanmean(whole))
    replicates = [np.nanmean([values(labels, calls, column, r)[place] for column in range(3)]) for r in drawn]
    found = model.averages["macro"].intervals[measure]
    positive = np.unique(cohort.patients[cohort.rows("test")].astype(str)[(labels == 1).any(axis=1)])
    expected = spread(getattr(model.averages["macro"], measure), replicates, len(positive))
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)
