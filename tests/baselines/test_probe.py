"""The linear probe."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from cxrtune.evaluation.roc import macro_auroc
from cxrtune.models.baselines.probe import STRENGTHS, fit_probe


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    features = random.normal(size=(300, 20)).astype(np.float32)
    noise = random.normal(size=(300, 2))
    labels = (features[:, :2] + noise > 0.8).astype(np.float32)
    return (features[:200], labels[:200]), (features[200:], labels[200:])


def test_it_is_scikit_learns_regression_on_standardised_features(data):
    train, validation = data
    probe = fit_probe(train, validation)
    scaler = StandardScaler().fit(train[0].astype(np.float64))
    expected = LogisticRegression(C=probe.strength, class_weight="balanced", max_iter=500)
    expected.fit(scaler.transform(train[0]), train[1][:, 1])
    theirs = expected.predict_proba(scaler.transform(validation[0]))[:, 1]
    np.testing.assert_allclose(probe.scores(validation[0])[:, 1], theirs, atol=1e-5)


def test_the_penalty_is_the_best_on_validation(data):
    train, validation = data
    chosen = fit_probe(train, validation)
    area = macro_auroc(validation[1], chosen.scores(validation[0]))[0]
    assert chosen.strength in STRENGTHS
    assert area > 0.7


def test_a_finding_of_one_class_is_not_known_and_never_one_half(data):
    (features, labels), validation = data
    labels = labels.copy()
    labels[:, 1] = 0
    probabilities = fit_probe((features, labels), validation).scores(validation[0])
    assert np.isnan(probabilities[:, 1]).all()
    assert not np.isnan(probabilities[:, 0]).any()


def test_unknown_labels_are_left_out(data):
    (features, labels), validation = data
    masked = labels.copy()
    masked[150:, 0] = np.nan
    probe = fit_probe((features, masked), validation)
    scaler = StandardScaler().fit(features[:150].astype(np.float64))
    expected = LogisticRegression(C=probe.strength, class_weight="balanced", max_iter=500)
    expected.fit(scaler.transform(features[:150]), labels[:150, 0])
    theirs = expected.predict_proba(scaler.transform(validation[0]))[:, 1]
    np.testing.assert_allclose(probe.scores(validation[0])[:, 0], theirs, atol=1e-5)
