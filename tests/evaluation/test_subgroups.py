"""Groups of images against an evaluation of each group alone."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from made_up import ground_of, made_up_cohort, made_up_scores, repeated
from sklearn.metrics import recall_score, roc_auc_score

from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.statistics.auroc_interval import auroc_interval
from cxrtune.evaluation.subgroups import attribute_masks, evaluate_subgroups

FINDINGS = ("Effusion", "Mass", "Hernia")
THRESHOLDS = {"a": {"Effusion": 0.5, "Mass": 0.3}, "b": {}}


@pytest.fixture(scope="module")
def ground():
    """400 images of 100 patients, 240 of women, 140 of men and 20 unknown; few of the men have a hernia."""
    random = np.random.default_rng(0)
    sex = np.repeat(["F", "M", None], [240, 140, 20])
    labels = {
        finding: random.random(400) < share for finding, share in zip(FINDINGS, (0.4, 0.2, 0.2), strict=True)
    }
    labels["Hernia"][240:] = False
    labels["Hernia"][240:249] = True
    cohort = made_up_cohort(
        labels,
        np.arange(400) // 4,
        sex=sex,
        age=random.integers(5, 95, size=400),
        view=random.choice(["PA", "AP"], size=400),
        followup=np.arange(400) % 4,
    )
    return ground_of(cohort, {"a": made_up_scores(cohort, 1), "b": made_up_scores(cohort, 2)})


@pytest.fixture(scope="module")
def attributes(ground):
    return {attribute.name: attribute for attribute in evaluate_subgroups(ground, THRESHOLDS)}


@pytest.fixture(scope="module")
def masks(ground):
    return attribute_masks(ground.cohort.frame)


def group_of(attributes, attribute, name):
    return next(group for group in attributes[attribute].groups if group.name == name)


def test_masks_follow_the_columns_and_leave_out_what_is_not_known():
    frame = pd.DataFrame(
        {
            "sex": ["F", "M", None, "", "F", "M"],
            "age": pd.array([17, 18, 39, 40, 65, None], dtype="Int16"),
            "view": ["PA", "AP", "LL", None, "PA", "AP"],
            "followup": pd.array([0, 1, None, 0, 7, 0], dtype="Int16"),
        }
    )
    masks = {
        attribute: {group: np.flatnonzero(mask).tolist() for group, mask in groups.items()}
        for attribute, groups in attribute_masks(frame).items()
    }
    assert masks == {
        "Sex": {"female": [0, 4], "male": [1, 5]},
        "Age": {"under 18": [0], "18 to 39": [1, 2], "40 to 64": [3], "65 and over": [4]},
        "View": {"PA": [0, 4], "AP": [1, 5]},
        "Visit": {"first": [0, 3, 5], "later": [1, 4]},
    }


def test_groups_and_the_unknown_add_up(attributes):
    for attribute in attributes.values():
        assert sum(group.images for group in attribute.groups) + attribute.unknown == 400
    assert attributes["Sex"].unknown == 20
    assert (group_of(attributes, "Sex", "male").images, group_of(attributes, "Sex", "male").patients) == (
        140,
        35,
    )
    assert group_of(attributes, "Visit", "later").patients == 100


def test_the_reference_is_the_largest_group(attributes):
    for attribute in attributes.values():
        (reference,) = [group for group in attribute.groups if group.is_reference]
        assert reference.images == max(group.images for group in attribute.groups)
        for model in reference.models.values():
            assert (model.gap, model.gap_interval) == (None, None)
            assert all(found.gaps == {} for found in model.findings.values())
    assert group_of(attributes, "Sex", "female").is_reference


@pytest.mark.parametrize("attribute", ["Sex", "Age", "View", "Visit"])
@pytest.mark.parametrize("column", [0, 1])
def test_values_are_those_of_the_group_alone(ground, attributes, masks, attribute, column):
    threshold = THRESHOLDS["a"][FINDINGS[column]]
    for group in attributes[attribute].groups:
        mask = masks[attribute][group.name]
        truth, scores = ground.truth[mask, column], ground.scores["a"][mask, column]
        found = group.models["a"].findings[FINDINGS[column]]
        assert (found.positives, found.negatives) == (truth.sum(), (~truth).sum())
        if found.auroc is None:
            assert min(found.positive_patients, found.negative_patients) < 10
            continue
        calls = scores.astype(np.float64) >= threshold
        assert found.auroc == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
        assert found.sensitivity == pytest.approx(recall_score(truth, calls))
        assert found.specificity == pytest.approx(recall_score(~truth, ~calls))


def test_fewer_than_ten_patients_say_nothing(attributes):
    found = group_of(attributes, "Sex", "male").models["a"].findings["Hernia"]
    assert (found.positives, found.positive_patients) == (9, 3)
    assert (found.auroc, found.sensitivity, found.specificity) == (None, None, None)
    assert (found.intervals, found.gaps, found.gap_intervals) == ({}, {}, {})


def test_without_a_threshold_there_is_only_an_area(attributes):
    found = group_of(attributes, "Sex", "male").models["b"].findings["Effusion"]
    assert found.auroc is not None
    assert (found.sensitivity, found.specificity) == (None, None)
    assert set(found.gaps) == {"auroc"}


def test_gaps_are_group_less_reference(attributes):
    for attribute in attributes.values():
        (reference,) = [group for group in attribute.groups if group.is_reference]
        for group in attribute.groups:
            for finding, found in group.models["a"].findings.items():
                other = reference.models["a"].findings[finding]
                for name, gap in found.gaps.items():
                    assert gap == pytest.approx(getattr(found, name) - getattr(other, name), abs=1e-12)


def brute_force(ground, mask, other, column):
    """The gap of the AUROC in every replicate, its images repeated."""
    values = []
    for replicate in range(ground.resamples.replicates):
        rows = repeated(ground, replicate)
        one, two = (rows[part[rows]] for part in (mask, other))
        values.append(
            roc_auc_score(ground.truth[one, column], ground.scores["a"][one, column])
            - roc_auc_score(ground.truth[two, column], ground.scores["a"][two, column])
        )
    return np.array(values)


def is_alike(interval, replicates):
    """Compare an interval with the normal one of replicates drawn by brute force.

    150 replicates know a standard deviation to 6 %; Student's t of some 30 patients adds 5 %, and the wide
    side of an asymmetric interval some more.
    """
    width = 2 * 1.96 * replicates.std(ddof=1)
    return 0.85 * width < interval.high - interval.low < 1.3 * width


def test_intervals_of_group_and_gap_are_those_of_replicates(ground, attributes, masks):
    found = group_of(attributes, "Sex", "male").models["a"].findings["Mass"]
    replicates = brute_force(ground, masks["Sex"]["male"], masks["Sex"]["female"], 1)
    gap = found.gap_intervals["auroc"]
    assert gap.low < found.gaps["auroc"] < gap.high
    assert is_alike(gap, replicates)
    rows = np.flatnonzero(masks["Sex"]["male"] & ground.usable[:, 1])
    expected = auroc_interval(
        ground.truth[rows, 1], ground.scores["a"][rows, 1], ground.resamples.codes[rows]
    )
    assert (found.intervals["auroc"].low, found.intervals["auroc"].high) == pytest.approx(expected, abs=1e-12)


def test_patients_who_are_in_both_groups_are_paired(ground, attributes, masks):
    found = group_of(attributes, "Visit", "later").models["a"].findings["Effusion"]
    if found.gaps:
        drawn = brute_force(ground, masks["Visit"]["later"], masks["Visit"]["first"], 0)
    else:
        found = group_of(attributes, "Visit", "first").models["a"].findings["Effusion"]
        drawn = brute_force(ground, masks["Visit"]["first"], masks["Visit"]["later"], 0)
    assert is_alike(found.gap_intervals["auroc"], drawn)


def test_corrected_gaps_hold_all_gaps_of_a_model_together(attributes):
    gaps = [
        group.models["a"]
        for attribute in attributes.values()
        for group in attribute.groups
        if group.models["a"].gap is not None
    ]
    assert len(gaps) == 6
    for model in gaps:
        narrow, wide = model.gap_interval, model.gap_interval_corrected
        assert wide.low < narrow.low < model.gap < narrow.high < wide.high
        # Of six gaps each is at 0.05 / 6, whose quantile is 2.64 standard errors.
        ratio = (wide.high - wide.low) / (narrow.high - narrow.low)
        assert 2.64 / 1.96 <= ratio < 2.64 / 1.96 * 1.1


def test_the_mean_runs_over_the_findings_that_group_and_reference_have(ground, attributes, masks):
    male, female = (group_of(attributes, "Sex", name).models["a"] for name in ("male", "female"))
    assert (male.over, female.over) == (2, 3)
    both = ("Effusion", "Mass")
    assert male.macro_auroc == pytest.approx(np.mean([male.findings[f].auroc for f in both]))
    # The gap is that of the two findings, though the reference has three.
    assert male.gap == pytest.approx(np.mean([male.findings[f].gaps["auroc"] for f in both]))
    drawn = [brute_force(ground, masks["Sex"]["male"], masks["Sex"]["female"], column) for column in (0, 1)]
    assert is_alike(male.gap_interval, np.mean(drawn, axis=0))


def test_a_group_is_called_at_the_same_threshold_as_the_whole():
    # 0.7 as float32 lies below 0.7: not called, whatever the threshold is rounded to.
    labels = {"Mass": [True, False] * 40}
    cohort = made_up_cohort(labels, range(80), sex=["F"] * 40 + ["M"] * 40)
    scores = np.full((80, 1), 0.7, dtype=np.float32)
    scores[::4] = 0.9
    ground = ground_of(cohort, {"a": scores})
    (sex,) = evaluate_subgroups(ground, {"a": {"Mass": 0.7}})
    calls = scores[:40, 0].astype(np.float64) >= 0.7
    found = sex.groups[0].models["a"].findings["Mass"]
    assert found.sensitivity == calls[::2].mean()
    assert found.specificity == (~calls[1::2]).mean()


def test_an_attribute_of_one_group_is_left_out(cohort, predictions):
    # Sex, age, view and visit are the same for all of this cohort.
    assert evaluate(cohort, {"a": predictions}).results.attributes == []


def test_groups_are_those_of_the_evaluated_images(cohort, predictions):
    frame = cohort.frame.assign(view=np.where(np.arange(90) % 3 == 0, "AP", "PA"))
    (view,) = evaluate(dataclasses.replace(cohort, frame=frame), {"a": predictions}).results.attributes
    assert {group.name: group.images for group in view.groups} == {"PA": 20, "AP": 10}
    assert view.unknown == 0
