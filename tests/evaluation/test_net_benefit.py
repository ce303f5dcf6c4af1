"""Net benefit against its formula by hand, replicates of patients, and the file that holds the curves."""

import dataclasses
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxrtune.evaluation.calibration.calibrator import Calibrator
from cxrtune.evaluation.common_ground import aligned
from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.folder import write_evaluation
from cxrtune.evaluation.net_benefit import IN_RESULTS, THRESHOLDS, net_benefit
from cxrtune.evaluation.statistics.bootstrap import draw_patients

GOLDEN = json.loads((Path(__file__).parent / "golden" / "net_benefit.json").read_text())


def by_hand(truth, probabilities, threshold):
    """True positives less false ones at the odds of the threshold, per image (Vickers and Elkin 2006)."""
    called = probabilities >= threshold
    return (called & truth).mean() - (called & ~truth).mean() * threshold / (1 - threshold)


@pytest.fixture
def sample():
    """300 images of 90 patients; probabilities on a grid, so that some equal a threshold."""
    random = np.random.default_rng(0)
    patients = np.sort(np.r_[np.arange(90), random.integers(0, 90, 210)])
    probabilities = (0.5 * random.random(90)[patients] + 0.3 * random.random(300)).round(2)
    return random.random(300) < probabilities, probabilities, patients


def test_every_threshold_is_the_formula(sample):
    truth, probabilities, patients = sample
    found = net_benefit(truth, probabilities, patients)
    assert found.thresholds == pytest.approx(np.linspace(0.01, 0.6, 60))
    for place, threshold in enumerate(found.thresholds):
        own = by_hand(truth, probabilities, threshold)
        everybody = by_hand(truth, np.ones(300), threshold)
        assert found.model.value[place] == pytest.approx(own, abs=1e-12)
        assert found.treat_all.value[place] == pytest.approx(everybody, abs=1e-12)
        assert found.gain.value[place] == pytest.approx(own - max(everybody, 0), abs=1e-12)
        assert found.called[place] == (probabilities >= threshold).sum()


def test_the_curve_is_that_of_dcurves():
    truth, probabilities = np.array(GOLDEN["truth"], dtype=bool), np.array(GOLDEN["probabilities"])
    found = net_benefit(truth, probabilities, np.arange(len(truth)))
    assert found.model.value == pytest.approx(GOLDEN["model"], abs=1e-12)
    assert found.treat_all.value == pytest.approx(GOLDEN["all"], abs=1e-12)


def test_many_patients_are_taken_a_few_thresholds_at_a_time(sample, monkeypatch):
    whole = net_benefit(*sample)
    monkeypatch.setattr("cxrtune.evaluation.net_benefit._MOST_CELLS", 90 * 7)
    parts = net_benefit(*sample)
    assert parts.called.tolist() == whole.called.tolist()
    for name in ("model", "treat_all", "gain"):
        for end in ("value", "low", "high"):
            assert getattr(getattr(parts, name), end).tolist() == getattr(getattr(whole, name), end).tolist()


def test_bands_are_about_those_of_drawn_patients(sample):
    """4,000 replicates and the t quantile of some 80 patients; a band's two shares count as independent."""
    truth, probabilities, patients = sample
    found = net_benefit(truth, probabilities, patients)
    resamples = draw_patients(patients.astype(str).astype(object), replicates=4000, seed=1)
    rows = [np.repeat(np.arange(300), times[resamples.codes]) for times in resamples.times.T]
    for place in (19, 29, 39):
        threshold = THRESHOLDS[place]
        spread = np.std([by_hand(truth[r], probabilities[r], threshold) for r in rows])
        half = (found.model.high[place] - found.model.low[place]) / 2
        assert half == pytest.approx(1.99 * spread, rel=0.15)
        gains = [
            by_hand(truth[r], probabilities[r], threshold)
            - (by_hand(truth[r], np.ones(len(r)), threshold) if found.treat_all.value[place] > 0 else 0)
            for r in rows
        ]
        half = (found.gain.high[place] - found.gain.low[place]) / 2
        assert half == pytest.approx(1.99 * np.std(gains), rel=0.15)


def test_calling_nobody_is_worth_nothing_and_calling_all_is_the_default():
    truth = np.array([True, False] * 20)
    nobody = net_benefit(truth, np.zeros(40), np.arange(40))
    assert not nobody.model.value.any()
    assert not nobody.called.any()
    everybody = net_benefit(truth, np.ones(40), np.arange(40))
    assert everybody.model.value == pytest.approx(everybody.treat_all.value)
    assert everybody.gain.value[:49] == pytest.approx(0)
    # Nothing was missed, and something may be missed next time.
    assert (everybody.gain.low[:49] < 0).all()


def test_a_perfect_model_is_worth_the_prevalence():
    truth = np.array([True] * 10 + [False] * 30)
    found = net_benefit(truth, truth.astype(float), np.arange(40))
    assert found.model.value == pytest.approx(0.25)


def test_without_positives_there_is_no_curve_and_with_one_patient_no_band():
    assert net_benefit(np.zeros(4, dtype=bool), np.full(4, 0.2), np.arange(4)) is None
    found = net_benefit(np.array([True, True, False, False]), np.full(4, 0.2), np.array([0, 0, 1, 2]))
    assert np.isnan(found.model.low).all()
    everything_of_one = net_benefit(np.array([True, False]), np.array([0.5, 0.2]), np.zeros(2, dtype=int))
    assert np.isnan(everything_of_one.gain.high).all()
    assert found.points()[0].interval is None
    assert found.points()[0].net_benefit == pytest.approx(0.5 - 0.5 * 0.05 / 0.95)


def test_calibrated_probabilities_are_judged_and_written(cohort, predictions, tmp_path):
    calibrator = Calibrator("platt", 0.2, slope=2.0, offset=-1.0)
    card = dataclasses.replace(predictions.model, calibration={"Mass": asdict(calibrator)})
    calibrated = dataclasses.replace(predictions, model=card)
    evaluation = evaluate(cohort, {"a": calibrated, "b": predictions})
    rows = cohort.rows("test")
    rows = rows[cohort.frame["Mass"].notna().to_numpy()[rows]]
    probabilities = calibrator(aligned("a", predictions, cohort)[rows, 1])
    points = evaluation.results.models[0].net_benefit
    assert set(points) == {"Mass"}
    assert tuple(point.threshold for point in points["Mass"]) == IN_RESULTS
    for point in points["Mass"]:
        expected = by_hand(cohort.labels[rows, 1] == 1, probabilities, point.threshold)
        assert point.net_benefit == pytest.approx(expected)
        assert point.interval.low < expected < point.interval.high or point.called == 0
    assert "net_benefit.csv" in write_evaluation(evaluation, tmp_path)
    table = pd.read_csv(tmp_path / "net_benefit.csv")
    assert list(table.columns) == [
        "model", "finding", "threshold", "called", "net_benefit", "net_benefit_low", "net_benefit_high",
        "treat_all", "treat_all_low", "treat_all_high", "gain", "gain_low", "gain_high",
    ]  # fmt: skip
    mass = table[(table["model"] == "a") & (table["finding"] == "Mass")]
    assert mass["threshold"].tolist() == pytest.approx(np.arange(1, 61) / 100)
    at = mass[np.isclose(mass["threshold"], 0.3)].iloc[0]
    assert at["net_benefit"] == pytest.approx(by_hand(cohort.labels[rows, 1] == 1, probabilities, 0.3))


def test_without_calibration_nothing_is_written(cohort, predictions, tmp_path):
    keep = np.isin(predictions.images, cohort.images[cohort.rows("test")])
    test_only = dataclasses.replace(
        predictions,
        images=predictions.images[keep],
        patients=predictions.patients[keep],
        scores=predictions.scores[keep],
    )
    evaluation = evaluate(cohort, {"a": test_only})
    assert evaluation.net_benefit == {}
    assert evaluation.results.models[0].net_benefit == {}
    assert "net_benefit.csv" not in write_evaluation(evaluation, tmp_path)
