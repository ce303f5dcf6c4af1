"""Calibration intercept and slope against statsmodels, R's rms and clubSandwich, and the jackknife."""

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t

from cxrtune.evaluation.calibration.calibrator import logistic, logit
from cxrtune.evaluation.calibration.slope import agreement, logistic_fit

GOLDEN = json.loads((Path(__file__).parent / "golden" / "measures.json").read_text())["calibration"]


@pytest.fixture(params=GOLDEN, ids=[case["name"] for case in GOLDEN])
def case(request):
    """A case of R's: truth, probabilities, patients, and what R gives."""
    arrays = {"truth": bool, "probabilities": float, "patients": int}
    return request.param | {name: np.array(request.param[name], dtype=kind) for name, kind in arrays.items()}


def theirs(case, keep=slice(None)):
    """The coefficients by statsmodels: intercept with slope 1, then intercept and slope."""
    truth, logits = case["truth"][keep].astype(float), logit(case["probabilities"][keep])
    ones = np.ones((len(truth), 1))
    binomial = sm.families.Binomial()
    large = sm.GLM(truth, ones, family=binomial, offset=logits).fit(tol=1e-14)
    both = sm.GLM(truth, np.column_stack([ones, logits]), family=binomial).fit(tol=1e-14)
    return np.concatenate([large.params, both.params])


def test_coefficients_are_those_of_statsmodels_and_r(case):
    found = agreement(case["truth"], case["probabilities"], case["patients"])
    ours = [found.intercept, found.slope_intercept, found.slope]
    # Newton's steps end at 1e-10; R's and statsmodels' iterations at about 1e-8.
    np.testing.assert_allclose(ours, theirs(case), atol=1e-7)
    np.testing.assert_allclose(ours, [case[n] for n in ("intercept", "slope_intercept", "slope")], atol=1e-7)
    # Harrell's function stops its iterations earlier.
    harrell = case["val_prob"]
    assert ours[1:] == pytest.approx([harrell["intercept"], harrell["slope"]], abs=1e-4)


def test_the_covariance_is_that_of_rs_club_sandwich(case):
    """`vcovCR(type = "CR3")` is the same matrix without the factor (G - 1) / G."""
    truth, logits, patients = case["truth"], logit(case["probabilities"]), case["patients"]
    ones, number = np.ones_like(logits), len(np.unique(patients))
    for design, offset, name in (
        (ones[np.newaxis], logits, "cr3_large"),
        (np.stack([ones, logits]), 0 * logits, "cr3_both"),
    ):
        fit = logistic_fit(truth, design, offset, patients)
        expected = np.atleast_2d(case[name]) * (number - 1) / number
        np.testing.assert_allclose(fit.covariance, expected, rtol=1e-5)


def test_the_standard_error_is_about_that_of_leaving_out_each_patient(case):
    """One Newton step each stands for a whole fit: their standard errors differ by a few per cent."""
    found = agreement(case["truth"], case["probabilities"], case["patients"])
    distinct = np.unique(case["patients"])
    fits = np.array([theirs(case, case["patients"] != patient) for patient in distinct])
    spread = np.sqrt(((fits - fits.mean(axis=0)) ** 2).sum(axis=0) * (len(distinct) - 1) / len(distinct))
    fewer = min(len(np.unique(case["patients"][case["truth"] == kind])) for kind in (True, False))
    for name, expected in zip(("intercept", "slope_intercept", "slope"), spread, strict=True):
        low, high = found.limits[name]
        assert (high - low) / 2 / t.ppf(0.975, fewer - 1) == pytest.approx(expected, rel=0.06)


def test_the_interval_is_about_statsmodels_with_many_patients():
    """With 3,000 patients corrections for few of them, and the t quantile, are worth less than 2 %."""
    random = np.random.default_rng(0)
    patients = np.repeat(np.arange(3000), 2)
    logits = random.normal(size=3000)[patients] + random.normal(size=6000)
    truth = random.random(6000) < logistic(logits)
    found = agreement(truth, logistic(logits), patients)
    fit = sm.Logit(truth.astype(float), sm.add_constant(logits)).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": patients}
    )
    for name, expected in zip(("slope_intercept", "slope"), fit.conf_int(), strict=True):
        half = (expected[1] - expected[0]) / 2
        assert found.limits[name] == pytest.approx(tuple(expected), abs=0.03 * half)


def test_perfect_probabilities_have_intercept_0_and_slope_1_and_others_what_was_done_to_them():
    random = np.random.default_rng(1)
    logits = random.normal(-1, 1.5, 40_000)
    truth = random.random(40_000) < logistic(logits)
    patients = np.arange(40_000)
    found = agreement(truth, logistic(logits), patients)
    # Three standard errors of 40,000 images.
    assert (found.intercept, found.slope) == pytest.approx((0, 1), abs=0.05)
    extreme = agreement(truth, logistic(2 * logits + 0.5), patients)
    assert extreme.slope == pytest.approx(found.slope / 2, abs=1e-6)
    assert extreme.slope_intercept == pytest.approx(found.slope_intercept - found.slope * 0.25, abs=1e-6)


@pytest.mark.parametrize("truth", [[False] * 6, [True] * 6])
def test_one_kind_of_image_determines_nothing(truth):
    found = agreement(np.array(truth), np.linspace(0.1, 0.9, 6), np.arange(6))
    assert (found.intercept, found.slope, found.slope_intercept, found.limits) == (None, None, None, {})


@pytest.mark.parametrize(
    "probabilities",
    [
        [0.1, 0.2, 0.3, 0.7, 0.8, 0.9],
        [0.1, 0.2, 0.5, 0.5, 0.8, 0.9],
        [0.4] * 6,
        [0.9, 0.8, 0.7, 0.3, 0.2, 0.1],
    ],
    ids=["apart", "touching", "all alike", "wrong way round"],
)
def test_classes_that_do_not_overlap_have_an_intercept_and_no_slope(probabilities):
    truth = np.array([False, False, False, True, True, True])
    found = agreement(truth, np.array(probabilities), np.arange(6))
    assert found.intercept is not None
    assert (found.slope, found.slope_intercept) == (None, None)
    assert set(found.limits) == {"intercept"}


def test_a_single_patient_of_a_kind_gives_no_interval():
    truth = np.array([True, True, False, True, False, False])
    probabilities = np.array([0.6, 0.3, 0.5, 0.8, 0.4, 0.2])
    found = agreement(truth, probabilities, np.array([0, 0, 1, 0, 2, 3]))
    assert found.slope is not None
    assert found.limits == {}
    everything_of_one = agreement(truth, probabilities, np.zeros(6, dtype=int))
    assert everything_of_one.slope == pytest.approx(found.slope)
    assert everything_of_one.limits == {}
