"""Each sentence that the page makes from what was done: an input for which it appears, one for which not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup
from numpy.typing import NDArray
from sentences import cohort_of as make
from sentences import page_of, results_of, scores_of

from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.evaluate import Supplements, evaluate
from cxrtune.evaluation.results import Origin
from cxrtune.evaluation.settings import EvaluationSettings
from cxrtune.evaluation.training_parts import TrainingPart
from cxrtune.evaluation.validation import choose
from cxrtune.predictions import ModelCard, Predictions
from cxrtune.report.material import Figures, Material
from cxrtune.report.sections.limits import limits_view

THREE = {"train": 30, "validation": 40, "test": 40}
BROUGHT = ModelCard("Their model", "bought", "the vendor's", {"Effusion": 0.5, "Mass": 0.5})


@pytest.fixture(scope="module")
def cohort() -> CohortTable:
    """220 images of 110 patients in three parts, 80 of them test images."""
    return make(THREE)


@pytest.fixture(scope="module")
def outside(cohort: CohortTable, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of somebody's model, which scored validation and test."""
    return page_of(tmp_path_factory.mktemp("outside"), cohort, scores_of(cohort, "validation", "test"))


@pytest.fixture(scope="module")
def ours(cohort: CohortTable, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a model that was trained on the cohort and stores its thresholds."""
    table = scores_of(cohort, "validation", "test", card=BROUGHT)
    return page_of(tmp_path_factory.mktemp("ours"), cohort, table, ours=True)


@pytest.fixture(scope="module")
def everything(cohort: CohortTable, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of all parts, those that were trained on and chose among them."""
    table = scores_of(cohort, "train", "validation", "test")
    return page_of(tmp_path_factory.mktemp("all"), cohort, table, split="all")


def test_what_was_judged_is_counted_and_not_what_is_in_the_part(
    cohort: CohortTable, outside: str, tmp_path: Path
) -> None:
    assert "Scores are judged on the 80 images of 40 patients in the test part." in outside
    assert "out of the" not in outside
    tables = scores_of(cohort, "test"), scores_of(cohort, "test", keep=31)
    text = page_of(tmp_path, cohort, *tables)
    assert (
        "judged on the 31 images of 16 patients that every model scored, out of the 80 images in the" in text
    )
    assert "31 test images judged 16 patients" in text
    assert "The 31 images judged come from 16 patients" in text
    judged = cohort.frame.iloc[cohort.rows("test")[:31]]
    positives = int(judged["Mass"].sum())
    patients = judged["patient"][judged["Mass"] == 1].nunique()
    summary = text[text.index("Positive Patients Negative") : text.index("Macro average")]
    assert f" {positives} {patients} {31 - positives} " in f"{summary} "


def test_all_parts_are_named_so(everything: str, outside: str) -> None:
    assert "the 220 images of 110 patients in all parts" in everything
    assert "1 model 220 images judged" in everything
    assert "all part." not in everything
    assert "all parts" not in outside


def test_training_is_told_of_models_trained_here_only(ours: str, outside: str) -> None:
    assert "Training used 60 images of 30 patients, with 80 images of 40 patients for validation." in ours
    for text in ("Training used", "training part has", "for training"):
        assert text not in outside
    assert (
        "60 images of 30 patients for training and 80 images of 40 patients for tuning (validation)" in ours
    )
    assert "Internal testing of a: trained on this cohort" in ours
    assert "Whether this is internal or external testing of a is not known" in outside
    assert "Tuning (validation)" in outside
    assert "a model trained here meets other patients" in ours
    assert "a model trained here" not in outside


def test_thresholds_of_images_that_are_not_judged(outside: str, everything: str) -> None:
    said = "chosen here on 80 images of the cohort's validation part; none of these is judged here."
    assert f"Thresholds of a: {said}" in outside
    assert "none of these is judged here" not in everything


def test_thresholds_of_images_that_are_judged_too(outside: str, everything: str) -> None:
    assert "all of these are judged here too, where what they give is too good." in everything
    assert "also chose thresholds or calibration of a (80): what rests on these is too good." in everything
    assert "of those judged here trained" not in everything
    for said in ("judged here too", "also chose thresholds"):
        assert said not in outside


def test_images_that_trained_a_model_and_are_judged(cohort: CohortTable, tmp_path: Path, ours: str) -> None:
    table = scores_of(cohort, "train", "validation", "test", card=BROUGHT)
    text = page_of(tmp_path, cohort, table, split="all", ours=True)
    assert "60 images of those judged here trained a: its numbers are too good." in text
    assert "of those judged here trained" not in ours


def test_validation_judged_by_itself(cohort: CohortTable, tmp_path: Path) -> None:
    text = page_of(tmp_path, cohort, scores_of(cohort, "validation"), split="validation")
    assert "all of these are judged here too" in text
    assert "none of these is judged" not in text


def test_thresholds_that_a_model_brought(
    cohort: CohortTable, ours: str, outside: str, tmp_path: Path
) -> None:
    brought = "Brought by the model; on which images they were chosen is not known to this report."
    stored = "Stored in the model, which chose on 80 images of the cohort's validation part"
    text = page_of(tmp_path, cohort, scores_of(cohort, "validation", "test", card=BROUGHT))
    assert f"The vendor's. {brought}" in text
    assert stored not in text
    assert f"The vendor's. {stored}; none of these is judged here." in ours
    assert brought not in ours + outside


@pytest.mark.parametrize(
    ("parts", "scored", "reason"),
    [
        ({"test": 40}, ("test",), "the cohort has no validation part to choose them on"),
        (THREE, ("test",), "scored none of the 80 validation images"),
    ],
)
def test_no_thresholds_have_their_reason(
    parts: dict[str, int], scored: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    cohort = make(parts)
    text = page_of(tmp_path, cohort, scores_of(cohort, *scored))
    assert f"None: the model brought none, and {reason}." in text
    assert text.count("the cohort has no validation part") == (2 if parts == {"test": 40} else 0)
    for absent in ("Dots: ", "Youden", "Drift", "Stored in the model", "Chosen here"):
        assert absent not in text


def test_no_positives_on_validation_is_another_reason(tmp_path: Path) -> None:
    cohort = make(THREE)
    frame = cohort.frame.copy()
    frame.loc[frame["split"] == "validation", ["Effusion", "Mass"]] = 0
    table = scores_of(cohort, "validation", "test")
    model = results_of(CohortTable(frame), table).models[0]
    assert model.threshold_rule == (
        "none: the model brought none, and no finding has positives and negatives among the 80 validation "
        "images that it scored. Thresholds are given with `thresholds` a=FILE"
    )


def test_a_rule_is_not_recommended(outside: str) -> None:
    assert "Youden's J weighs both alike, and no guideline asks for it." in outside
    assert "drift is mostly noise" in outside


def test_calibration_is_stored_in_models_that_store_it(cohort: CohortTable, outside: str) -> None:
    assert "Calibration of a. Chosen here on 80 images of the cohort's validation part" in outside
    assert "lowest log loss in cross-validation by patient was taken" in outside
    assert "Stored in the model" not in outside


def test_a_stored_calibration_is_not_said_to_be_fitted_here(cohort: CohortTable, tmp_path: Path) -> None:
    fitted = results_of(cohort, scores_of(cohort, "validation", "test")).models[0]
    assert fitted.chosen is not None
    assert fitted.chosen.calibration == "validation"
    card = ModelCard("Their model", "bought", calibration=_calibrated(cohort))
    text = page_of(tmp_path, cohort, scores_of(cohort, "validation", "test", card=card))
    assert "Calibration of a. Brought by the model; on which images they were chosen is not known" in text
    assert "lowest log loss" not in text


def _calibrated(cohort: CohortTable) -> dict[str, Any]:
    """A calibration as a model stores it, of the validation images."""
    rows = cohort.rows("validation")
    table = scores_of(cohort, "validation")
    return choose(cohort.findings, cohort.labels[rows], table.scores, cohort.patients[rows]).stored()[
        "calibration"
    ]


def test_patients_in_two_parts_are_counted(cohort: CohortTable, ours: str, tmp_path: Path) -> None:
    assert "no patient is in two parts" in ours
    frame = cohort.frame.copy()
    frame.loc[frame.index[cohort.rows("test")[:6]], "patient"] = list(
        frame["patient"].iloc[cohort.rows("validation")[:6]]
    )
    overlapping = CohortTable(frame)
    text = page_of(tmp_path, overlapping, scores_of(overlapping, "validation", "test"), ours=True)
    assert "3 patients are in more than one part of the cohort" in text
    assert "no patient is in two parts" not in text
    assert "in more than one part" not in ours


MINED = "mined from radiology reports"


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (Origin(images="nih", labels="nih"), "NIH ChestX-ray14's labels were mined from radiology reports"),
        (Origin(images="synthetic", labels="synthetic"), "The labels are what the program drew"),
        (
            Origin(labels="map", labels_named="Our hospital", uncertain="negative"),
            "The labels come from Our hospital. They are taken as the table gives them; uncertain ones count "
            "as absent.",
        ),
        (Origin(), "How the labels were made is not recorded."),
        (Origin(images="nih"), "How the labels were made is not recorded."),
    ],
)
def test_labels_are_those_of_their_source(
    cohort: CohortTable, tmp_path: Path, origin: Origin, said: str
) -> None:
    text = page_of(tmp_path, cohort, scores_of(cohort, "test"), origin=origin)
    assert said in text
    assert (MINED in text) == (origin.labels == "nih")
    assert "nobody read" not in text


def test_synthetic_images_are_called_so_everywhere(cohort: CohortTable, outside: str, tmp_path: Path) -> None:
    drawn = Origin(images="synthetic", labels="synthetic")
    table = scores_of(cohort, "validation", "test")
    text = page_of(tmp_path, cohort, table, origin=drawn)
    assert "Synthetic images. A program drew the images" in text
    assert "judged on the 80 synthetic images of 40 patients" in text
    assert "80 synthetic test images judged" in text
    assert "another hospital, on other equipment" not in text
    assert "synthetic" not in outside.lower()
    assert "another hospital, on other equipment" in outside
    for figure in ("auroc", "roc-a", "reliability", "roc-panels"):
        assert "synthetic" in (tmp_path / "out" / "figures" / f"{figure}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(("images", "synthetic"), [("synthetic", True), ("nih", False), ("unknown", None)])
def test_results_say_whether_images_are_synthetic(
    cohort: CohortTable, images: Any, synthetic: bool | None
) -> None:
    results = results_of(cohort, scores_of(cohort, "test"), origin=Origin(images=images))
    assert results.synthetic is synthetic


def test_nothing_is_invented_of_an_outside_model(outside: str, ours: str) -> None:
    invented = (
        "Intended use",
        "One frontal chest radiograph",
        "may not be used",
        "must not be used",
        "Not for",
    )
    for said in invented:
        assert said not in outside
        assert said in ours
    assert "Not known here Its intended use, its input and its architecture" in outside
    assert "Not known to this report: it was given predictions only." in outside
    assert "Not known" not in ours


def test_a_run_beside_tables_of_others_does_not_make_them_the_runs(outside: str) -> None:
    # The page of `outside` has records of a training and of a prediction, by another model.
    assert "Training data Not known to this report" in outside


def test_known_training_images_are_told(cohort: CohortTable, tmp_path: Path, outside: str) -> None:
    seen = pd.Series(np.arange(len(cohort)) >= len(cohort) - 7, index=cohort.images)
    part = TrainingPart(seen, "a list of its training images", "seen.txt")
    text = page_of(tmp_path, cohort, scores_of(cohort, "test"), training_parts={"a": part})
    assert "Training data 7 of the 80 images judged were in it; by a list of its training images." in text
    assert "TorchXRayVision" not in text
    assert "were in it" not in outside


def test_few_positives_are_those_judged(cohort: CohortTable, outside: str, tmp_path: Path) -> None:
    assert "Few positives" not in outside
    few = page_of(tmp_path / "few", cohort, scores_of(cohort, "test", keep=12))
    assert "Fewer than 10 patients with the finding were judged of: Effusion (" in few
    half = replace(scores_of(cohort, "test"), scores=_without_mass(scores_of(cohort, "test")))
    assert "Few positives" not in page_of(tmp_path / "half", cohort, half)
    rare = make(THREE, share=0.02)
    everything = page_of(tmp_path / "all", rare, scores_of(rare, "train", "test"), split="all")
    positives = int(rare.frame["Mass"].iloc[rare.rows("train", "test")].sum())
    assert f"Mass ({positives})" in everything


def _without_mass(table: Predictions) -> NDArray[np.float32]:
    scores = table.scores.astype(np.float32)
    scores[:, 1] = np.nan
    return scores


def test_some_of_the_images_that_chose_are_judged(cohort: CohortTable, tmp_path: Path) -> None:
    table = scores_of(cohort, "validation", "test")
    other = scores_of(cohort, "validation", "test", keep=100)
    text = page_of(tmp_path, cohort, table, other, split="all")
    assert (
        "Chosen here on 80 images of the cohort's validation part; all of these are judged here too" in text
    )
    late = replace(other, images=other.images[30:], patients=other.patients[30:])
    late = replace(late, scores=other.scores[30:])
    text = page_of(tmp_path / "late", cohort, table, late, split="all")
    assert "Chosen here on 80 images of the cohort's validation part; 50 of these are judged" in text


def test_repeated_patients_are_told_where_they_repeat(outside: str, tmp_path: Path) -> None:
    assert (
        "They take images as independent, but the 80 images are of 40 patients: they are too short."
        in outside
    )
    once = make({"validation": 80, "test": 80}, images=1)
    text = page_of(tmp_path, once, scores_of(once, "validation", "test"))
    assert "Reliability of a" in text
    assert "too short" not in text
    assert "Repeated patients" not in text


def test_no_p_value_is_printed_as_nothing(cohort: CohortTable, tmp_path: Path) -> None:
    better, knows_nothing = scores_of(cohort, "test"), scores_of(cohort, "test", seed=4)
    noise = np.random.default_rng(5).random(better.scores.shape).astype(np.float32)
    text = page_of(tmp_path, cohort, better, replace(knows_nothing, scores=noise))
    assert "<0.001" in text
    assert "p = 0.000" not in text
    assert "<0.000" not in text


def test_performance_by_group_needs_groups(outside: str, tmp_path: Path) -> None:
    assert "by finding and group above." in outside
    cohort = make(THREE)
    frame = cohort.frame.assign(sex="F")
    text = page_of(tmp_path, CohortTable(frame), scores_of(cohort, "test"))
    assert "by finding above." in text
    assert "and group above" not in text


def test_seen_before_is_told_of_nihs_images_only(cohort: CohortTable, tmp_path: Path) -> None:

    found = {}
    for images in ("nih", "unknown"):
        settings, beside = EvaluationSettings(replicates=60), Supplements(origin=Origin(images=images))
        table = {"xrv:densenet121-res224-nih": scores_of(cohort, "test")}
        figures = Figures(Markup(""), {}, None, None, None, None, None)
        results = evaluate(cohort, table, settings, beside).results
        material = Material("t", results, None, (), figures, {})
        found[images] = [limit.name for limit in limits_view(material).limits]
    assert "Seen before" in found["nih"]
    assert "Seen before" not in found["unknown"]


def test_positives_are_those_judged_in_every_row(cohort: CohortTable) -> None:
    result = results_of(cohort, scores_of(cohort, "test", keep=20)).models[0].findings["Effusion"]
    assert result.support + result.negatives == 20


def test_averages_over_images_have_their_numbers(cohort: CohortTable, tmp_path: Path, outside: str) -> None:
    table = scores_of(cohort, "validation", "test")
    model = results_of(cohort, table).models[0]
    rows = cohort.rows("test")
    limits = np.array([model.findings[finding].threshold for finding in cohort.findings], dtype=np.float64)
    called = (table.scores[-len(rows) :].astype(np.float64) >= limits).any(axis=1)
    present = (cohort.labels[rows] == 1).any(axis=1)
    assert f"Precision is defined for {called.sum()} of 80 images." in outside
    assert f"Recall is defined for {present.sum()} of 80 images." in outside
    assert f"F1 is defined for {(called | present).sum()} of 80 images." in outside
    frame = cohort.frame.assign(Effusion=1)
    always = CohortTable(frame.astype({"Effusion": "Int8"}))
    everywhere = ModelCard("Theirs", "bought", "all", {"Effusion": 0.0, "Mass": 0.5})
    text = page_of(tmp_path, always, scores_of(always, "test", card=everywhere))
    assert "of 80 images" not in text
