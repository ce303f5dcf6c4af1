"""What a journal asks for stands on the page, and every sentence of it is true for what was judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sentences import FINDINGS, SOMEONES, cohort_of, page_of, page_of_results, results_of, scores_of

from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.results import Interval, ModelResult, StoredResults
from cxrtune.predictions import ModelCard, Predictions

MINUS = "\N{MINUS SIGN}"
THREE = {"train": 20, "validation": 60, "test": 80}


@pytest.fixture(scope="module")
def cohort() -> CohortTable:
    """320 images of 160 patients in three parts."""
    return cohort_of(THREE)


@pytest.fixture(scope="module")
def tables(cohort: CohortTable) -> tuple[Predictions, Predictions]:
    """Two models with thresholds and calibration from validation."""
    better, worse = scores_of(cohort, "validation", "test"), scores_of(cohort, "validation", "test", seed=7)
    noise = np.random.default_rng(9).random(worse.scores.shape).astype(np.float32)
    return better, replace(worse, scores=(0.3 * worse.scores + 0.6 * noise).astype(np.float32))


@pytest.fixture(scope="module")
def page(
    cohort: CohortTable, tables: tuple[Predictions, Predictions], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The page of both models, with a stated prevalence."""
    return page_of(tmp_path_factory.mktemp("page"), cohort, *tables, prevalence={"Effusion": 0.05})


@pytest.fixture(scope="module")
def results(cohort: CohortTable, tables: tuple[Predictions, Predictions]) -> StoredResults:
    """The same results."""
    return results_of(cohort, *tables, prevalence={"Effusion": 0.05})


def test_cross_tables_have_their_counts_and_ratios(page: str, results: StoredResults) -> None:
    for model in results.models:
        found = model.findings["Effusion"]
        interval = found.intervals["precision"]
        counts = f"Effusion {found.tp} {found.fn} {found.fp} {found.tn}"
        assert f"{counts} {found.precision:.3f} {interval.low:.3f} to" in page
        ratio = found.intervals["positive_likelihood_ratio"]
        assert f"{found.positive_likelihood_ratio:.2f} {ratio.low:.2f} to {ratio.high:.2f}" in page


def test_ratios_without_a_value_say_why(cohort: CohortTable, tmp_path: Path) -> None:
    strict = ModelCard("Their model", "bought", "theirs", {"Effusion": 0.95, "Mass": 0.0})
    text = page_of(tmp_path, cohort, scores_of(cohort, "test", card=strict))
    assert "undefined: no negative is called" in text
    assert "undefined: every negative is called" in text


def test_a_model_without_thresholds_has_no_cross_table(cohort: CohortTable, tmp_path: Path) -> None:
    text = page_of(tmp_path, cohort, scores_of(cohort, "test"))
    assert "Cross-tables" not in text
    assert "Points of the ROC curves and partial areas: a" in text
    assert "Paired tests of calls" not in text


def test_points_of_the_curves_have_intervals_and_a_warning(page: str, results: StoredResults) -> None:
    found = results.models[0].curves["Mass"]
    interval = found.intervals["sensitivity_at_0.90"]
    assert f"{found.sensitivity_at['0.90']:.3f} {interval.low:.3f} to {interval.high:.3f}" in page
    assert "nobody could have known them before" in page


def test_stated_prevalences_are_of_every_model(page: str, results: StoredResults) -> None:
    for model in results.models:
        assert f"What calls mean at the stated prevalence: {model.name}." in page
        found = model.prevalence["Effusion"]
        interval = found.intervals["positive_predictive_value"]
        assert f"{found.positive_predictive_value:.3f} {interval.low:.3f} to {interval.high:.3f}" in page
    assert "no intervals here" not in page


def test_paired_calls_are_told_by_finding_and_measure(page: str, results: StoredResults) -> None:
    (pair,) = results.call_comparisons
    assert "a against b, each at its thresholds" in page
    for measure, results_of_measure in (("Sensitivity", pair.sensitivity), ("Specificity", pair.specificity)):
        assert f"{measure} of a: " in page
        for finding, one in results_of_measure.items():
            assert one.verdict in {"higher", "lower", "not separable"}
            words = {"higher": "higher than that of b in", "lower": "lower in"}.get(
                one.verdict, "not separable in"
            )
            assert words in page
            assert finding in page


def test_too_few_patients_are_told_apart(
    cohort: CohortTable, tables: tuple[Predictions, Predictions], tmp_path: Path
) -> None:
    few = [
        replace(one, images=one.images[:130], patients=one.patients[:130], scores=one.scores[:130])
        for one in tables
    ]
    text = page_of(tmp_path, cohort, *few)
    assert "too few patients to compare in Effusion and Mass" in text
    assert "patients: too few to compare." in text


def changed(results: StoredResults, **update: object) -> StoredResults:
    """The results with one finding's calibration after it was calibrated changed."""
    first = results.models[0]
    one = first.calibration["Effusion"]
    intervals = one.intervals | {
        "slope_after": Interval(low=0.3, high=0.7),
        "intercept_after": Interval(low=-0.9, high=-0.2),
    }
    after = one.after.model_copy(update=update)
    one = one.model_copy(update={"after": after, "intervals": intervals})
    model = first.model_copy(update={"calibration": first.calibration | {"Effusion": one}})
    return results.model_copy(update={"models": [model, *results.models[1:]]})


def test_probabilities_that_are_still_off_are_named(
    cohort: CohortTable, tables: tuple[Predictions, Predictions], results: StoredResults, tmp_path: Path
) -> None:
    off = changed(results, slope=0.5, intercept=-0.5, ece=0.2, ece_if_perfect=0.03, ece_if_perfect_high=0.05)
    text = page_of_results(tmp_path / "off", cohort, off, *tables)
    assert "Effusion (0.200 against 0.050)" in text
    assert f"Effusion, too high ({MINUS}0.500, {MINUS}0.900 to {MINUS}0.200)" in text
    assert "Effusion, too extreme (0.500, 0.300 to 0.700)" in text
    fine = changed(results, ece=0.02, ece_if_perfect=0.03, ece_if_perfect_high=0.05)
    fine = fine.model_copy(update={"models": [_without_mass(fine.models[0]), *fine.models[1:]]})
    text = page_of_results(tmp_path / "fine", cohort, fine, *tables)
    assert "Effusion (0.020" not in text


def _without_mass(model: ModelResult) -> ModelResult:
    return model.model_copy(update={"calibration": {"Effusion": model.calibration["Effusion"]}})


def test_the_calibration_error_stands_beside_that_of_a_perfect_model(
    page: str, results: StoredResults
) -> None:
    after = results.models[0].calibration["Effusion"].after
    assert f"{after.ece_if_perfect:.3f} \N{LESS-THAN OR EQUAL TO} {after.ece_if_perfect_high:.3f}" in page
    slope = results.models[0].calibration["Effusion"].intervals["slope_after"]
    assert f"{after.slope:.3f} {slope.low:.3f} to {slope.high:.3f}" in page


def test_net_benefit_is_shown_with_its_figure(page: str, results: StoredResults) -> None:
    assert "Net benefit of a less that of the better default, per 100 images" in page
    assert "Net benefit by threshold of calibrated probability" in page
    point = results.models[0].net_benefit["Effusion"][3]
    assert f"{100 * point.gain:+.2f}".replace("-", MINUS) in page
    assert "Not made" not in page


def test_a_model_without_calibration_has_no_net_benefit_and_that_is_said(
    cohort: CohortTable, tables: tuple[Predictions, Predictions], tmp_path: Path
) -> None:
    nothing = page_of(tmp_path / "none", cohort, scores_of(cohort, "test"))
    assert "Not made: net benefit needs calibrated probabilities, and no model has any" in nothing
    assert "Net benefit by threshold" not in nothing
    text = page_of(tmp_path / "one", cohort, tables[0], scores_of(cohort, "test", seed=3))
    assert "Not made for b: it has no calibrated probabilities." in text


def test_a_finding_without_calibration_is_named(
    cohort: CohortTable, tables: tuple[Predictions, Predictions], tmp_path: Path
) -> None:
    rare = cohort.frame.assign(Mass=0)
    rare.loc[rare.index[-3:], "Mass"] = 1
    text = page_of(tmp_path, CohortTable(rare.astype({"Mass": "Int8"})), tables[0])
    assert "Not made for a: Mass, not calibrated or without positives or negatives here." in text


def test_what_is_worth_less_than_a_default_is_named(
    cohort: CohortTable, tables: tuple[Predictions, Predictions], results: StoredResults, tmp_path: Path
) -> None:
    first = results.models[0]
    points = list(first.net_benefit["Mass"])
    points[2] = points[2].model_copy(update={"gain": -0.04, "gain_interval": Interval(low=-0.06, high=-0.02)})
    model = first.model_copy(update={"net_benefit": first.net_benefit | {"Mass": points}})
    worse = results.model_copy(update={"models": [model, *results.models[1:]]})
    text = page_of_results(tmp_path, cohort, worse, *tables)
    assert (
        "Calls of a are worth less than the better default, with an interval that leaves out 0: Mass at 0.20"
        in text
    )
    assert f"{MINUS}4.00 {MINUS}6.00 to {MINUS}2.00" in text


def test_every_table_has_positive_patients(page: str) -> None:
    assert SOMEONES.title in page
    assert page.count("Patients") >= 4
    assert len(FINDINGS) == 2
