"""The sentence of a paired test, for each that it may be."""

import pytest

from cxrtune.evaluation.results import Comparison, Interval, PairedResult
from cxrtune.report.notes import tally, verdict

TESTED = PairedResult(
    difference=0.05,
    interval=Interval(low=0.01, high=0.09),
    interval_holm=Interval(low=0.002, high=0.098),
    p_delong=0.01,
    p_patients=0.01,
    p_error=0.0005,
    p_holm=0.04,
    detectable=0.063,
    verdict="higher",
    images=100,
    patients=60,
    positives=30,
    positive_patients=20,
    negative_patients=50,
)
NOT_TESTED = {"interval_holm": None, "p_patients": None, "p_holm": None, "verdict": "too few to compare"}
NUMBERS = "+0.050 AUROC (95 % interval, corrected as p is by Holm, +0.002 to +0.098; p = 0.040)"

DETECTABLE = "a single test of this size finds a difference of 0.063 with a power of 80 %"


def pair_of(**results):
    return Comparison(first="a", second="b", findings=results, macro=TESTED)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, f"Mass: a is higher than b by {NUMBERS}."),
        ({"verdict": "lower"}, f"Mass: a is lower than b by {NUMBERS}."),
        (
            {"verdict": "not separable"},
            f"Mass: a and b are not separable with this test set, {NUMBERS}; {DETECTABLE}.",
        ),
        (
            {"verdict": "not separable", "detectable": None},
            f"Mass: a and b are not separable with this test set, {NUMBERS}.",
        ),
        (
            {"margin": 0.02, "p_noninferior": 0.0004, "noninferior": True},
            f"Mass: a is higher than b by {NUMBERS}; non-inferiority by 0.02 is shown (p < 0.001).",
        ),
        (
            {"verdict": "lower", "margin": 0.02, "p_noninferior": 1.0, "noninferior": False},
            f"Mass: a is lower than b by {NUMBERS}; non-inferiority by 0.02 is not shown (p = 1.000).",
        ),
        (
            {"primary": True},
            "Mass: a is higher than b by +0.050 AUROC (primary endpoint, 95 % interval +0.002 to +0.098; "
            "p = 0.040).",
        ),
        (
            {"p_holm": 0.0495, "p_patients": 0.0495, "p_error": 0.0002},
            "Mass: a is higher than b by +0.050 AUROC (95 % interval, corrected as p is by Holm, +0.002 to "
            "+0.098; p = 0.050, which the draws leave undecided: its Monte-Carlo error is 0.0002).",
        ),
        (
            {"interval_holm": TESTED.interval},
            "Mass: a is higher than b by +0.050 AUROC (95 % interval +0.010 to +0.090; p = 0.040).",
        ),
        (
            NOT_TESTED | {"positive_patients": 9},
            "Mass: +0.050 AUROC (95 % interval +0.010 to +0.090); 9 patients with it: too few to compare,"
            " no test is made.",
        ),
        (
            NOT_TESTED | {"negative_patients": 1},
            "Mass: +0.050 AUROC (95 % interval +0.010 to +0.090); 1 patient without it: too few to compare,"
            " no test is made.",
        ),
        (
            {"difference": 0.0, "interval": None, "interval_holm": None, "verdict": "not separable"},
            "Mass: a and b do not differ in any patient.",
        ),
        ({"difference": None, "interval": None}, "Mass: undefined here."),
    ],
)
def test_each_verdict_has_its_sentence(changed, sentence):
    result = TESTED.model_copy(update=changed)
    assert verdict(pair_of(Mass=result), "Mass", result) == sentence


def test_findings_that_are_not_compared_are_counted_apart():
    few = TESTED.model_copy(update=NOT_TESTED)
    assert tally(pair_of(Mass=TESTED)) == "higher in 1, lower in 0, not separable in 0 of 1 finding"
    assert tally(pair_of(Mass=TESTED, Hernia=few)) == (
        "higher in 1, lower in 0, not separable in 0, too few patients to compare in 1 of 2 findings"
    )
