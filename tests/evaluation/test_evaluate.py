"""The whole evaluation of a small cohort, recomputed by scikit-learn."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score

from cxrtune.errors import DataError
from cxrtune.evaluation.evaluate import Supplements, evaluate
from cxrtune.evaluation.folder import write_evaluation
from cxrtune.evaluation.precision_recall import precision_recall_curve
from cxrtune.evaluation.results import MissingModel, StoredResults
from cxrtune.evaluation.roc import roc_curve
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.predictions import ModelCard


@pytest.fixture
def joined(cohort, predictions):
    """Truth and scores side by side, joined by pandas."""
    scores = pd.DataFrame(predictions.scores, columns=[f"score {f}" for f in predictions.findings])
    scores["image"] = predictions.images
    return cohort.frame.merge(scores, on="image")


def test_auroc_is_that_of_the_test_images(cohort, predictions, joined):
    model = evaluate(cohort, {"a": predictions}).results.models[0]
    test = joined[(joined["split"] == "test")]
    for finding in ("Effusion", "Mass"):
        known = test.dropna(subset=finding)
        expected = roc_auc_score(known[finding].astype(int), known[f"score {finding}"])
        assert model.findings[finding].auroc == pytest.approx(expected, abs=1e-12)
        assert model.findings[finding].support == known[finding].sum()
        assert model.findings[finding].support + model.findings[finding].negatives == len(known)


def test_a_finding_without_positives_is_undefined_with_its_count(cohort, predictions):
    model = evaluate(cohort, {"a": predictions}).results.models[0]
    assert model.findings["Hernia"].auroc is None
    assert model.findings["Hernia"].recall is None
    assert model.findings["Hernia"].support == 0
    assert model.macro_auroc_over == 2


def test_thresholds_come_from_validation_and_not_from_test(cohort, predictions, joined):
    changed = predictions.scores.copy()
    changed[np.isin(predictions.images, cohort.images[cohort.rows("test")])] = 0.5
    honest = evaluate(cohort, {"a": predictions}).results.models[0]
    blind = evaluate(cohort, {"a": dataclasses.replace(predictions, scores=changed)}).results.models[0]
    assert honest.threshold_rule == "Youden's J on validation"
    assert [f.threshold for f in honest.findings.values()] == [f.threshold for f in blind.findings.values()]


def test_precision_and_recall_are_those_at_the_threshold(cohort, predictions, joined):
    found = evaluate(cohort, {"a": predictions}).results.models[0].findings["Effusion"]
    test = joined[joined["split"] == "test"]
    calls = test["score Effusion"].astype(np.float64) >= found.threshold
    truth = test["Effusion"].astype(int)
    assert found.precision == pytest.approx(precision_score(truth, calls))
    assert found.recall == pytest.approx(recall_score(truth, calls))
    assert found.specificity == pytest.approx(recall_score(1 - truth, ~calls))
    assert found.called == calls.sum()


def test_published_thresholds_of_a_model_are_kept(cohort, predictions):
    card = ModelCard("theirs", "made up", "published", {"Effusion": 0.5, "Mass": 0.25})
    model = evaluate(cohort, {"b": dataclasses.replace(predictions, model=card)}).results.models[0]
    assert model.threshold_rule == "published"
    assert (model.findings["Effusion"].threshold, model.findings["Mass"].threshold) == (0.5, 0.25)
    assert model.findings["Hernia"].threshold is None
    assert model.findings["Hernia"].precision is None


def test_images_without_a_score_are_counted(cohort, predictions):
    fewer = dataclasses.replace(
        predictions,
        images=predictions.images[:50],
        patients=predictions.patients[:50],
        scores=predictions.scores[:50],
    )
    model = evaluate(cohort, {"a": fewer}).results.models[0]
    assert model.images + model.not_scored == 30
    assert model.not_scored > 0


def test_a_model_that_scored_nothing_here_is_an_error(cohort, predictions):
    elsewhere = dataclasses.replace(predictions, images=np.array([f"x{i}" for i in range(60)], dtype=object))
    with pytest.raises(DataError, match="named a score none of the cohort's images"):
        evaluate(cohort, {"a": elsewhere})
    with pytest.raises(DataError, match="named a score none of the 30 train images"):
        evaluate(cohort, {"a": predictions}, EvaluationSettings(split="train"))


def test_counts_of_the_cohort(cohort, predictions):
    train, validation, test = evaluate(cohort, {"a": predictions}).results.cohort
    assert [part.split for part in (train, validation, test)] == ["train", "validation", "test"]
    assert (test.images, test.patients) == (30, 15)
    assert test.findings["Mass"].known == 28
    frame = cohort.frame[cohort.frame["split"] == "validation"]
    assert validation.findings["Effusion"].positives == frame["Effusion"].sum()


def test_files_hold_the_numbers(cohort, predictions, tmp_path):
    missing = MissingModel(name="xrv:x", reason="no weights", remedy="fetch them")
    evaluation = evaluate(cohort, {"a": predictions, "b": predictions}, beside=Supplements(missing=[missing]))
    names = write_evaluation(evaluation, tmp_path)
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())
    assert StoredResults.read(tmp_path / "results.json") == evaluation.results
    raw = json.loads((tmp_path / "results.json").read_text())
    assert raw["models"][0]["findings"]["Hernia"]["auroc"] is None
    table = pd.read_csv(tmp_path / "auroc.csv")
    models = [f"{model}{end}" for model in ("a", "b") for end in ("", " low", " high")]
    counts = ["positives", "negatives", "positive patients", "negative patients"]
    assert list(table.columns) == ["finding", *models, *counts]
    assert table["a"][0] == evaluation.results.models[0].findings["Effusion"].auroc
    assert np.isnan(table["a"][2])
    assert "| Hernia | undefined | undefined | 0 | 30 | 0 | 15 |" in (tmp_path / "auroc.md").read_text()


def test_curves_of_very_many_points_are_thinned_where_no_eye_tells(cohort, predictions, tmp_path):
    random = np.random.default_rng(0)
    truth = random.random(300_000) < 0.3
    scores = random.normal(size=len(truth)) + truth
    evaluation = evaluate(cohort, {"a": predictions})
    key = ("a", "Effusion")
    evaluation.curves[key] = roc_curve(truth.astype(float), scores)
    evaluation.precision_recall[key] = precision_recall_curve(truth.astype(float), scores)
    write_evaluation(evaluation, tmp_path)
    for name, across, up, area in (
        ("roc_curves", "false_positive_rate", "sensitivity", roc_auc_score(truth, scores)),
        ("precision_recall_curves", "recall", "precision", average_precision_score(truth, scores)),
    ):
        table = pd.read_csv(tmp_path / f"{name}.csv")
        curve = table[table["finding"] == "Effusion"]
        assert 5_000 < len(curve) < 40_000
        assert np.trapezoid(curve[up], curve[across]) == pytest.approx(area, abs=1e-4)
        assert curve[across].iloc[-1] == 1


def test_stored_curves_lose_no_area(cohort, predictions, tmp_path):
    evaluation = evaluate(cohort, {"a": predictions})
    write_evaluation(evaluation, tmp_path)
    curves = pd.read_csv(tmp_path / "roc_curves.csv")
    for finding in ("Effusion", "Mass"):
        curve = curves[curves["finding"] == finding]
        area = np.trapezoid(curve["sensitivity"], curve["false_positive_rate"])
        assert area == pytest.approx(evaluation.results.models[0].findings[finding].auroc, abs=1e-12)
        assert len(curve) < len(evaluation.curves["a", finding].thresholds)
    assert set(curves["finding"]) == {"Effusion", "Mass"}
