"""What a model may have been trained on: TorchXRayVision's rule on NIH's whole table, and the rest of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import ground_of, made_up_cohort, made_up_scores, repeated
from sklearn.metrics import roc_auc_score

from cxrtune.cohort.nih import read_table
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table, training_part, was_trained_on_nih
from cxrtune.cohort.split_lists import test_rows as official_test_rows
from cxrtune.evaluation.evaluate import Supplements, evaluate
from cxrtune.evaluation.training_parts import TrainingPart, contamination, evaluate_outside
from cxrtune.text_file import untold

FINDINGS = ("Effusion", "Mass", "Hernia")


@pytest.fixture(scope="module")
def nih_table():
    return read_table(shipped_table(NIH_TABLE))


@pytest.fixture(scope="module")
def xrv_training_part():
    return training_part(shipped_table(NIH_TABLE))


@pytest.fixture(scope="module")
def ground():
    """300 images of 100 patients; nobody outside the training part of `part` has a hernia."""
    random = np.random.default_rng(0)
    labels = {
        finding: random.random(300) < share for finding, share in zip(FINDINGS, (0.4, 0.3, 0.1), strict=True)
    }
    labels["Hernia"][:120] = False
    cohort = made_up_cohort(labels, np.arange(300) // 3)
    return ground_of(cohort, {"ours": made_up_scores(cohort, 1), "theirs": made_up_scores(cohort, 2, 0.2)})


@pytest.fixture(scope="module")
def part(ground):
    """The first 120 images are outside, the last 30 are not named."""
    return TrainingPart(
        pd.Series(np.arange(270) >= 120, index=ground.cohort.images[:270]), "a rule", "a paper"
    )


# TorchXRayVision's rule


def test_nearly_all_official_test_images_are_inside(nih_table, xrv_training_part):
    table = nih_table[
        official_test_rows(nih_table["image"], nih_table["patient"], Path("/nonexistent"), untold)
    ]
    inside = xrv_training_part.reindex(table["image"]).to_numpy(dtype=bool)
    assert (len(table), inside.sum(), (~inside).sum()) == (25_596, 20_374, 5_222)
    assert table["patient"][~inside].nunique() == 570


def test_the_rule_parts_no_patient_and_takes_four_of_five(nih_table, xrv_training_part):
    inside = xrv_training_part.reindex(nih_table["image"]).to_numpy(dtype=bool)
    assert set(nih_table["patient"][inside]).isdisjoint(nih_table["patient"][~inside])
    patients = nih_table["patient"].nunique()
    assert nih_table["patient"][inside].nunique() == int(0.8 * patients)


def test_the_rule_is_the_permutation_of_the_patients_in_the_order_of_text(xrv_training_part):
    patients = pd.read_csv(shipped_table(NIH_TABLE), dtype=str)["Patient ID"]
    distinct = sorted(set(patients))
    shuffled = np.random.RandomState(0).permutation(len(distinct))
    test = int(np.ceil(0.2 * len(distinct)))
    outside = {distinct[place] for place in shuffled[:test]}
    assert (~patients.isin(outside).to_numpy() == xrv_training_part.to_numpy()).all()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("xrv:densenet121-res224-nih", True),
        ("xrv:densenet121-res224-all", True),
        ("xrv:resnet50-res512-all", True),
        ("xrv:densenet121-res224-chex", False),
        ("xrv:densenet121-res224-pc", False),
        ("fine-tuned-nih", False),
    ],
)
def test_names_tell_who_saw_nih(name, answer):
    assert was_trained_on_nih(name) == answer


# The evaluation outside


def test_images_inside_outside_and_not_known_are_counted(ground, part):
    found = contamination(ground, part)
    assert (found.inside, found.outside, found.outside_patients, found.unknown) == (150, 120, 40, 30)
    assert (found.rule, found.source) == ("a rule", "a paper")


def test_outside_is_the_evaluation_of_these_images_alone(ground, part):
    found = evaluate_outside(ground, "theirs", part)
    assert (found.model, found.images, found.patients) == ("theirs", 120, 40)
    for model, scores in ground.scores.items():
        expected = [roc_auc_score(ground.truth[:120, column], scores[:120, column]) for column in (0, 1)]
        assert [found.findings[model][f].auroc for f in FINDINGS[:2]] == pytest.approx(expected, abs=1e-12)
        assert found.macro[model].auroc == pytest.approx(np.mean(expected), abs=1e-12)
        for column, finding in enumerate(FINDINGS):
            result = found.findings[model][finding]
            assert result.positives == ground.truth[:120, column].sum()
            assert result.positives + result.negatives == 120


def test_a_finding_that_nobody_outside_has_is_undefined(ground, part):
    found = evaluate_outside(ground, "theirs", part)
    assert found.findings["ours"]["Hernia"].auroc is None
    assert found.findings["ours"]["Hernia"].intervals == {}
    assert found.findings["ours"]["Hernia"].negatives == 120


def test_intervals_outside_are_those_of_replicates(ground, part):
    found = evaluate_outside(ground, "theirs", part)
    values = {"ours": [], "theirs": []}
    for replicate in range(ground.resamples.replicates):
        rows = repeated(ground, replicate)
        rows = rows[rows < 120]
        for model, scores in ground.scores.items():
            areas = [roc_auc_score(ground.truth[rows, column], scores[rows, column]) for column in (0, 1)]
            values[model].append(np.mean(areas))
    expected = np.quantile(values["theirs"], [0.025, 0.975])
    interval = found.macro["theirs"].intervals["auroc"]
    # Another method for the same question: 150 replicates know an end to a fifth of a standard error, 0.006.
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=0.02)
    expected = np.quantile(np.subtract(values["ours"], values["theirs"]), [0.025, 0.975])
    interval = found.differences["ours"].interval
    # Swaps of patients, not draws: the same question, so nearly the same answer.
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=0.03)


def test_differences_are_the_other_model_less_the_trained_one(ground, part):
    found = evaluate_outside(ground, "theirs", part)
    assert set(found.differences) == {"ours"}
    expected = found.macro["ours"].auroc - found.macro["theirs"].auroc
    assert found.differences["ours"].difference == pytest.approx(expected, abs=1e-12)
    assert (found.differences["ours"].images, found.differences["ours"].patients) == (120, 40)


def test_a_model_trained_on_everything_has_no_outside(ground):
    everything = TrainingPart(pd.Series(True, index=ground.cohort.images), "all", "nowhere")
    assert evaluate_outside(ground, "theirs", everything) is None
    assert contamination(ground, everything).inside == 300


def test_a_list_that_names_none_of_the_images_says_nothing(ground):
    elsewhere = TrainingPart(pd.Series([True, False], index=["x.png", "y.png"]), "another", "nowhere")
    assert evaluate_outside(ground, "theirs", elsewhere) is None
    assert contamination(ground, elsewhere).unknown == 300


def test_the_evaluation_reports_it_for_the_model_named(cohort, predictions):
    seen = TrainingPart(pd.Series(np.arange(90) < 75, index=cohort.images), "a rule", "a paper")
    beside = Supplements(training_parts={"b": seen, "not there": seen})
    results = evaluate(cohort, {"a": predictions, "b": predictions}, beside=beside).results
    assert results.models[0].contamination is None
    assert (results.models[1].contamination.inside, results.models[1].contamination.outside) == (15, 15)
    (outside,) = results.outside
    assert (outside.model, outside.images) == ("b", 15)
