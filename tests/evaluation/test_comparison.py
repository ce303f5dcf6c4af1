"""Differences between models against swaps written out, and what is said of them."""

import dataclasses

import numpy as np
import pytest
from made_up import ground_of, made_up_cohort, made_up_scores
from scipy.stats import norm, rankdata
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

from cxrtune.errors import DataError
from cxrtune.evaluation.comparison import compare_all
from cxrtune.evaluation.evaluate import evaluate
from cxrtune.evaluation.settings import Plan, check_plan
from cxrtune.evaluation.statistics.swaps import paired_areas, swap
from cxrtune.evaluation.verdicts import TOO_FEW

FINDINGS = ("Effusion", "Mass", "Hernia")


NO_PLAN = Plan()


def compare(ground, first, second, plan=NO_PLAN):
    """Compare two of the models, as if there were no other."""
    scores = {name: ground.scores[name] for name in (first, second)}
    (found,) = compare_all(dataclasses.replace(ground, scores=scores), plan)
    return found


@pytest.fixture(scope="module")
def ground():
    """360 images of 120 patients; `good` knows much of the truth, `fair` and `other` some."""
    random = np.random.default_rng(0)
    shares = zip(FINDINGS, (0.4, 0.25, 0.1), strict=True)
    labels = {finding: (random.random(360) < share).tolist() for finding, share in shares}
    labels["Mass"][:4] = [None] * 4
    cohort = made_up_cohort(labels, np.arange(360) // 3)
    weights = {"good": 0.45, "fair": 0.15, "other": 0.17}
    scores = {
        name: made_up_scores(cohort, seed, weight) for seed, (name, weight) in enumerate(weights.items())
    }
    return ground_of(cohort, scores)


def difference(ground, rows, column, first, second):
    """By scikit-learn, on these rows, an image as often as it is there."""
    rows = rows[ground.usable[rows, column]]
    truth = ground.truth[rows, column]
    one, two = (roc_auc_score(truth, ground.scores[name][rows, column]) for name in (first, second))
    return one - two


def swaps(ground, column, first, second, signs):
    """Swap the ranks of both models within patients by each row of signs, and rank again."""
    rows = np.flatnonzero(ground.usable[:, column])
    truth, codes = ground.truth[rows, column], ground.resamples.codes[rows]
    ranks = np.stack([rankdata(ground.scores[name][rows, column]) for name in (first, second)], axis=1)
    found = []
    for row in signs:
        turned = np.where((row[codes] < 0)[:, np.newaxis], ranks[:, ::-1], ranks)
        found.append(roc_auc_score(truth, turned[:, 0]) - roc_auc_score(truth, turned[:, 1]))
    return np.array(found)


@pytest.mark.parametrize("column", range(3))
def test_the_p_value_is_that_of_swaps_written_out(ground, column):
    found = compare(ground, "good", "other").findings[FINDINGS[column]]
    whole = difference(ground, np.arange(360), column, "good", "other")
    assert found.difference == pytest.approx(whole, abs=1e-12)
    signs = np.random.default_rng(9).choice([-1, 1], size=(500, 120))
    share = np.mean(np.abs(swaps(ground, column, "good", "other", signs)) >= abs(whole) - 1e-9)
    # Four Monte-Carlo standard errors of 500 draws, and one draw.
    assert found.p_patients == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 500) + 1 / 500)


def test_the_mean_swaps_a_patient_in_all_findings(ground):
    found = compare(ground, "other", "fair").macro
    whole = np.mean([difference(ground, np.arange(360), column, "other", "fair") for column in range(3)])
    assert found.difference == pytest.approx(whole, abs=1e-12)
    signs = np.random.default_rng(9).choice([-1, 1], size=(500, 120))
    drawn = np.mean([swaps(ground, column, "other", "fair", signs) for column in range(3)], axis=0)
    share = np.mean(np.abs(drawn) >= abs(whole) - 1e-9)
    assert found.p_patients == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 500) + 1 / 500)
    assert (found.images, found.patients) == (360, 120)


def test_intervals_and_verdicts_never_contradict_each_other(ground):
    for pair in compare_all(ground):
        for result in (*pair.findings.values(), pair.macro):
            assert (result.interval.low <= 0 <= result.interval.high) == (result.p_patients > 0.05)
            is_separable = result.verdict in ("higher", "lower")
            assert (result.interval_holm.low <= 0 <= result.interval_holm.high) != is_separable
            assert result.interval_holm.low <= result.interval.low < result.difference
            assert result.difference < result.interval.high <= result.interval_holm.high


def test_counts_stand_beside_the_difference(ground):
    found = compare(ground, "good", "fair").findings["Mass"]
    assert found.images == 356
    # The first four images are those of the first patient and one of the second.
    assert found.patients == 119
    assert found.positives == ground.truth[:, 1].sum()


def all_results(pairs):
    return [result for pair in pairs for result in (*pair.findings.values(), pair.macro)]


def test_holm_runs_over_findings_means_and_pairs(ground):
    results = all_results(compare_all(ground))
    assert len(results) == 12
    expected = multipletests([result.p_patients for result in results], method="holm")[1]
    assert [result.p_holm for result in results] == pytest.approx(list(expected), rel=1e-12)
    assert not any(result.primary for result in results)


@pytest.mark.parametrize("primary", ["macro", "Mass"])
def test_the_primary_endpoint_is_one_test_of_the_first_pair_and_not_corrected(ground, primary):
    pairs = compare_all(ground, Plan(primary=primary))
    first = pairs[0].macro if primary == "macro" else pairs[0].findings[primary]
    assert first.primary
    assert first.p_holm == first.p_patients
    assert first.interval_holm == first.interval
    others = [result for result in all_results(pairs) if result is not first]
    expected = multipletests([result.p_patients for result in others], method="holm")[1]
    assert [result.p_holm for result in others] == pytest.approx(list(expected), rel=1e-12)
    assert not any(result.primary for result in others)


def test_a_primary_endpoint_that_one_model_lacks_is_not_tested(ground):
    scores = {name: table.copy() for name, table in ground.scores.items()}
    scores["fair"][:, 1] = np.nan
    pairs = compare_all(ground_of(ground.cohort, scores), Plan(primary="Mass"))
    assert not any(result.primary for result in all_results(pairs))


@pytest.mark.parametrize("margin", [0.01, 0.1, 0.3])
def test_not_inferior_is_an_interval_above_the_margin(ground, margin):
    for first, second in (("good", "fair"), ("fair", "other"), ("other", "fair")):
        found = compare(ground, first, second, plan=Plan(primary="macro", margin=margin)).macro
        assert found.noninferior == (found.interval.low > -margin)
        assert found.noninferior == (found.p_noninferior <= 0.05)


def test_worse_by_more_than_the_margin_is_not_not_inferior(ground):
    found = compare(ground, "fair", "good", plan=Plan(margin=0.01)).findings["Effusion"]
    assert (found.p_noninferior, found.noninferior) == (1.0, False)
    assert compare(ground, "fair", "good").findings["Effusion"].noninferior is None


def test_non_inferiority_is_corrected_over_all_tests(ground):
    pairs = compare_all(ground, Plan(margin=0.2))
    alone = [compare(ground, pair.first, pair.second, plan=Plan("macro", 0.2)).macro for pair in pairs]
    for pair, one in zip(pairs, alone, strict=True):
        assert pair.macro.p_noninferior >= one.p_noninferior - 0.01  # other draws


def test_the_detectable_difference_has_a_power_of_80_percent():
    # Simulated: with a true difference of what one sample says is detectable, about 80 % are found.
    random = np.random.default_rng(4)
    truth = np.arange(300) < 80
    details, found = [], []
    for number in range(200):
        shared = random.normal(size=300)
        scores = [shared + truth * (1.2 + more) + random.normal(size=300) * 0.8 for more in (0.5, 0.0)]
        pair = paired_areas(truth, np.stack(scores, axis=1), np.arange(300), 300)
        details.append((pair.difference, pair.error))
        found.append(swap([pair], number, lambda _: True)[0].p_value() <= 0.05)
    true, error = np.mean(details, axis=0)
    expected = norm.cdf(true / error - norm.ppf(0.975))
    # Three standard errors of a share of 200.
    assert np.mean(found) == pytest.approx(expected, abs=3 * np.sqrt(0.25 / 200))
    assert 0.5 < expected < 0.95


def test_detectable_is_2_80_standard_errors(ground):
    found = compare(ground, "good", "other").findings["Effusion"]
    rows = np.flatnonzero(ground.usable[:, 0])
    scores = np.stack([ground.scores[name][rows, 0] for name in ("good", "other")], axis=1)
    error = paired_areas(ground.truth[rows, 0], scores, ground.resamples.codes[rows], 120).error
    assert found.detectable == pytest.approx(2.8016 * error, rel=1e-4)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (Plan(primary="Edema"), "the primary endpoint is Edema, which is no finding of the cohort"),
        (Plan(margin=0.0), "the margin of non-inferiority is 0; it must lie between 0 and 1"),
        (Plan(margin=2.0), "the margin of non-inferiority is 2; it must lie between 0 and 1"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(ground, plan, message):
    with pytest.raises(DataError) as error:
        check_plan(plan, ground.findings)
    assert message in str(error.value)


def test_every_pair_is_compared_once_the_earlier_first(ground):
    pairs = [(pair.first, pair.second) for pair in compare_all(ground)]
    assert pairs == [("good", "fair"), ("good", "other"), ("fair", "other")]


def test_a_clearly_better_model_is_higher_and_the_other_lower(ground):
    up, down = compare(ground, "good", "fair"), compare(ground, "fair", "good")
    assert (up.findings["Effusion"].verdict, down.findings["Effusion"].verdict) == ("higher", "lower")
    assert (up.macro.verdict, down.macro.verdict) == ("higher", "lower")
    assert up.macro.difference == pytest.approx(-down.macro.difference)
    assert up.macro.interval.low == pytest.approx(-down.macro.interval.high, abs=0.005)  # other draws


def test_the_verdict_follows_the_corrected_p_value(ground):
    for pair in compare_all(ground):
        for result in (*pair.findings.values(), pair.macro):
            if result.p_holm > 0.05:
                assert result.verdict == "not separable"
            else:
                assert result.verdict == ("higher" if result.difference > 0 else "lower")


def test_models_of_one_quality_are_not_separable(ground):
    found = compare(ground, "other", "fair")
    assert {result.verdict for result in found.findings.values()} == {"not separable"}


def test_a_model_beside_itself_is_not_separable(ground):
    twice = dataclasses.replace(ground, scores={"a": ground.scores["fair"], "b": ground.scores["fair"]})
    (pair,) = compare_all(twice)
    for result in (pair.findings["Effusion"], pair.findings["Mass"], pair.macro):
        assert (result.difference, result.p_patients, result.p_holm) == (0.0, 1.0, 1.0)
        # Nothing varies, so that there is nothing to tell how sure it is.
        assert (result.interval, result.verdict) == (None, "not separable")
    assert pair.findings["Effusion"].p_delong == 1.0


def test_a_finding_without_positives_is_undefined_and_counts_in_no_correction():
    owner = np.arange(90) // 2
    cohort = made_up_cohort({"Effusion": owner % 3 == 0, "Mass": owner % 4 == 0, "Hernia": owner < 0}, owner)
    models = {"a": made_up_scores(cohort, 0, 0.3), "b": made_up_scores(cohort, 1, 0.1)}
    (pair,) = compare_all(ground_of(cohort, models))
    hernia = pair.findings["Hernia"]
    assert (hernia.difference, hernia.interval, hernia.p_delong, hernia.p_holm) == (None, None, None, None)
    assert (hernia.verdict, hernia.positives, hernia.images) == ("undefined", 0, 90)
    tested = [pair.findings[finding] for finding in ("Effusion", "Mass")]
    expected = multipletests([result.p_patients for result in tested], method="holm")[1]
    assert [result.p_holm for result in tested] == pytest.approx(list(expected))
    assert pair.macro.difference == pytest.approx(np.mean([result.difference for result in tested]))


def test_a_finding_that_one_model_lacks_is_not_compared(cohort, predictions):
    fewer = predictions.scores.copy()
    fewer[:, 1] = np.nan
    pair = {"a": predictions, "b": dataclasses.replace(predictions, scores=fewer)}
    (found,) = evaluate(cohort, pair).results.comparisons
    assert set(found.findings) == {"Effusion", "Hernia"}
    assert found.macro.difference == 0.0
    assert found.macro.positives == found.findings["Effusion"].positives


def test_two_models_without_a_common_finding_are_undefined(cohort, predictions):
    one, two = predictions.scores.copy(), predictions.scores.copy()
    one[:, 0], two[:, 1:] = np.nan, np.nan
    pair = {name: dataclasses.replace(predictions, scores=p) for name, p in (("a", one), ("b", two))}
    (found,) = evaluate(cohort, pair).results.comparisons
    assert (found.findings, found.macro.difference, found.macro.verdict) == ({}, None, "undefined")


@pytest.mark.parametrize(
    ("ill", "verdict"), [(1, "too few to compare"), (9, "too few to compare"), (10, None)]
)
def test_below_ten_patients_there_is_an_estimate_and_no_test(ill, verdict):
    owner = np.arange(120) // 2
    cohort = made_up_cohort({"Hernia": owner < ill}, owner)
    models = {"a": made_up_scores(cohort, 0, 0.5), "b": made_up_scores(cohort, 1, 0.1)}
    pair = compare(ground_of(cohort, models), "a", "b")
    for result in (pair.findings["Hernia"], pair.macro):
        assert (result.positive_patients, result.negative_patients) == (ill, 60 - ill)
        assert result.interval.low < result.difference < result.interval.high
        if verdict is None:
            assert result.p_holm is not None
            assert result.verdict != TOO_FEW
        else:
            assert (result.verdict, result.p_patients, result.p_holm, result.interval_holm) == (
                verdict, None, None, None,
            )  # fmt: skip


def test_findings_with_too_few_patients_count_in_no_correction():
    owner = np.arange(120) // 2
    cohort = made_up_cohort({"Hernia": owner < 3, "Mass": owner % 3 == 0, "Edema": owner % 4 == 0}, owner)
    models = {"a": made_up_scores(cohort, 0, 0.3), "b": made_up_scores(cohort, 1, 0.1)}
    pair = compare(ground_of(cohort, models), "a", "b")
    findings = pair.findings
    tested = [findings["Mass"], findings["Edema"], pair.macro]
    assert [one.p_holm for one in tested] == pytest.approx(
        list(multipletests([one.p_patients for one in tested], method="holm")[1])
    )


def test_another_seed_gives_the_same_verdicts(ground):
    for pair in compare_all(ground):
        for seed in range(1, 6):
            other = compare(dataclasses.replace(ground, seed=seed), pair.first, pair.second)
            for finding, result in pair.findings.items():
                assert other.findings[finding].verdict == result.verdict
                error = np.hypot(result.p_error, other.findings[finding].p_error)
                assert abs(other.findings[finding].p_patients - result.p_patients) <= 5 * error + 1e-4


def test_the_mean_bears_as_few_patients_as_the_finding_with_the_fewest_without_it():
    owner = np.arange(120) // 2
    cohort = made_up_cohort({"Mass": owner % 3 == 0, "Edema": owner >= 4}, owner)
    models = {"a": made_up_scores(cohort, 0, 0.3), "b": made_up_scores(cohort, 1, 0.1)}
    macro = compare(ground_of(cohort, models), "a", "b").macro
    assert (macro.positive_patients, macro.negative_patients, macro.verdict) == (58, 4, TOO_FEW)
