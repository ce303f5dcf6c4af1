"""Both checklists: published numbers, true statuses, and what each item says where its input is lacking."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from paper_made import (
    DRAWN,
    EVALUATE,
    NIH,
    OURS,
    PACK,
    PREDICT,
    THEIRS,
    THREE,
    chain,
    cohort_record,
    material_of,
    record,
    results_named,
    train_record,
)
from sentences import cohort_of, results_of, scores_of
from test_report_localization import finding, localization

from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.results import Origin, StoredResults
from cxrtune.provenance import Record
from cxrtune.report.material import Material
from cxrtune.report.paper.checklists import CLAIM, TRIPOD_AI
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import AUTHOR, STATUSES, Guideline, ItemAnswer, fill_in

BOTH = (CLAIM, TRIPOD_AI)
# Collins et al., BMJ 2024, table 2: the items and the parts of each.
PARTS = {
    3: "abc",
    5: "ab",
    6: "abc",
    8: "abc",
    9: "abc",
    12: "abcdefg",
    18: "abcdef",
    20: "abc",
    23: "ab",
    27: "abc",
}
ALWAYS_THE_AUTHORS = {
    CLAIM.title: {"1", "2", "3", "4", "6", "34", "40", "41", "42", "43", "44"},
    TRIPOD_AI.title: {
        "1", "2", "3a", "3b", "3c", "4", "18a", "18b", "18c", "18d", "18e", "18f", "19", "25", "26", "27c",
    },
}  # fmt: skip
ALWAYS_NOT_DONE = {CLAIM.title: {"18", "21", "30"}, TRIPOD_AI.title: {"10", "12d", "14", "23b"}}


def answered(guideline: Guideline, material: Material) -> dict[str, ItemAnswer]:
    """The answers by the items' numbers."""
    checklist = fill_in(guideline, Facts(material))
    return {item.number: answer for item, answer in checklist.rows}


def statuses(guideline: Guideline, material: Material) -> dict[str, str]:
    return {number: answer.status for number, answer in answered(guideline, material).items()}


@pytest.fixture(scope="module")
def nih() -> StoredResults:
    return results_named(NIH, ours=True)


@pytest.fixture(scope="module")
def scenarios(nih: StoredResults) -> dict[str, Material]:
    """Runs that differ in what is known of them."""
    cohort, late = cohort_of(THREE), cohort_of({"test": 60})
    two = results_of(
        cohort, *(scores_of(cohort, "validation", "test", seed=s) for s in (1, 2)), replicates=100
    )
    return {
        "ours": material_of(nih, *chain()),
        "outside": material_of(results_named(Origin())),
        "synthetic": material_of(results_named(DRAWN, ours=True), *chain()),
        "map": material_of(results_named(THEIRS), *by_map(), EVALUATE),
        "test only": material_of(results_of(late, scores_of(late, "test"))),
        "two of others": material_of(two, EVALUATE),
        "external": material_of(
            nih, cohort_record(), cohort_record("other"), train_record("other"), PREDICT, EVALUATE
        ),
        "no intervals": material_of(nih.model_copy(update={"bootstrap": None}), *chain()),
    }


def by_map(**changes: Any) -> tuple[Record, ...]:
    mapped = {
        "title": "Our hospital",
        "split": None,
        "patient": {"column": "id", "none": False},
        "keep": {"view": ["PA", "AP"]},
    }
    notes = ("the tables give no test and no validation part: made here, of whole patients",)
    settings = {"map": mapped | changes, "seed": 3, "metadata_only": False}
    return (cohort_record(read={"labels.csv": "l"}, settings=settings, notes=notes),)


def test_claim_has_its_44_items_in_their_order() -> None:
    assert [item.number for item in CLAIM.items] == [str(number) for number in range(1, 45)]


def test_tripod_ai_has_its_27_items_with_their_parts() -> None:
    expected = [f"{number}{part}" for number in range(1, 28) for part in PARTS.get(number, ("",))]
    assert [item.number for item in TRIPOD_AI.items] == expected
    assert len(expected) == 52


@pytest.mark.parametrize("guideline", BOTH, ids=lambda one: one.title)
def test_every_answer_keeps_what_its_status_promises(
    guideline: Guideline, scenarios: dict[str, Material]
) -> None:
    for name, material in scenarios.items():
        for number, answer in answered(guideline, material).items():
            where = f"{name}, {number}: {answer}"
            assert answer.status in STATUSES, where
            assert (AUTHOR in answer.text) == (answer.status == "author"), where
            assert "[@" not in answer.text, where
            assert answer.text.endswith("."), where
            assert "None" not in answer.text, where
            assert "  " not in answer.text, where
            assert ".." not in answer.text.replace("…", ""), where
            assert "machine" not in answer.text, where


@pytest.mark.parametrize("guideline", BOTH, ids=lambda one: one.title)
def test_what_no_run_can_know_is_never_filled(guideline: Guideline, scenarios: dict[str, Material]) -> None:
    for name, material in scenarios.items():
        found = statuses(guideline, material)
        for number in ALWAYS_THE_AUTHORS[guideline.title]:
            assert found[number] == "author", (name, number)
        for number in ALWAYS_NOT_DONE[guideline.title]:
            assert found[number] == "not done", (name, number)


def test_a_run_on_nihs_images_fills_what_it_knows(scenarios: dict[str, Material]) -> None:
    found = statuses(CLAIM, scenarios["ours"])
    filled = {number for number, status in found.items() if status == "filled"}
    assert filled == {
        "5", "7", "8", "9", "10", "11", "12", "14", "16", "17", "19", "20", "22", "23", "24", "25", "26",
        "27", "28", "29", "32", "35", "36", "37", "38",
    }  # fmt: skip
    assert found["33"] == found["31"] == "not done"
    assert found["13"] == found["15"] == found["39"] == "author"
    tripod = statuses(TRIPOD_AI, scenarios["ours"])
    filled = {number for number, status in tripod.items() if status == "filled"}
    assert filled == {
        "5b", "6a", "6b", "7", "8b", "8c", "9a", "9b", "9c", "11", "12a", "12b", "12e", "12f", "12g", "13",
        "16", "20a", "20c", "21", "23a", "24", "27a",
    } - ({"12f", "24"} if not scenarios["ours"].results.models[0].calibration else set())  # fmt: skip


# What an item needs, and which items must not be filled without it.
WITHOUT_RECORDS = {
    CLAIM.title: "8 9 19 22 23 24 25 26 27 35",
    TRIPOD_AI.title: "6b 7 9a 9b 9c 12a 12b 12g 13 16 20a 20c 27a",
}
WITHOUT_ORIGIN = {CLAIM.title: "5 7 8 11 14 16 17", TRIPOD_AI.title: "5b 6a 6b 8b 8c"}
WITHOUT_BOOTSTRAP = {CLAIM.title: "29 37", TRIPOD_AI.title: "23a"}


@pytest.mark.parametrize("guideline", BOTH, ids=lambda one: one.title)
def test_without_records_of_a_run_its_items_are_open(guideline: Guideline, nih: StoredResults) -> None:
    found = statuses(guideline, material_of(nih))
    assert not {number for number in WITHOUT_RECORDS[guideline.title].split() if found[number] == "filled"}


@pytest.mark.parametrize("guideline", BOTH, ids=lambda one: one.title)
def test_without_an_origin_its_items_are_open(guideline: Guideline) -> None:
    found = statuses(guideline, material_of(results_named(Origin(), ours=True), *chain()))
    assert not {number for number in WITHOUT_ORIGIN[guideline.title].split() if found[number] == "filled"}


@pytest.mark.parametrize("guideline", BOTH, ids=lambda one: one.title)
def test_without_intervals_nothing_is_said_to_have_them(
    guideline: Guideline, scenarios: dict[str, Material]
) -> None:
    found = answered(guideline, scenarios["no intervals"])
    for number in WITHOUT_BOOTSTRAP[guideline.title].split():
        assert found[number].status == "not done"
    assert not any("were percentile intervals" in answer.text for answer in found.values())


@pytest.mark.parametrize(
    ("lost", "claim", "tripod"),
    [
        ("cohort", {"8", "19", "35"}, {"6b", "12a", "20a"}),
        (
            "train",
            {"9", "22", "24", "25", "26", "27", "32"},
            {"7", "9a", "9b", "9c", "12a", "12b", "12g", "13", "16", "20c", "27a"},
        ),
        ("evaluate", {"8", "9", "19", "22", "23", "25", "32", "35"}, {"6b", "7", "12a", "12g", "20a"}),
    ],
)
def test_a_record_that_is_lost_opens_what_rests_on_it(
    nih: StoredResults, lost: str, claim: set[str], tripod: set[str]
) -> None:
    records = [one for one in chain() if one.stage != lost]
    for guideline, items in ((CLAIM, claim), (TRIPOD_AI, tripod)):
        found = statuses(guideline, material_of(nih, *records))
        assert all(found[number] != "filled" for number in items), found


CHANGED: list[tuple[str, str, dict[str, Any], str]] = [
    ("CLAIM 2024", "20", {"patients_in_two_parts": None}, "author"),
    ("CLAIM 2024", "36", {"shift": []}, "author"),
    ("CLAIM 2024", "39", {"examples": []}, "not done"),
    ("TRIPOD+AI", "16", {"shift": []}, "author"),
    ("TRIPOD+AI", "20c", {"shift": []}, "not done"),
]


@pytest.mark.parametrize(("title", "number", "change", "status"), CHANGED)
def test_a_number_that_is_lost_opens_its_item(
    nih: StoredResults, title: str, number: str, change: dict[str, Any], status: str
) -> None:
    guideline = next(one for one in BOTH if one.title == title)
    changed = nih.model_copy(update=change)
    assert statuses(guideline, material_of(changed, *chain()))[number] == status


def test_without_thresholds_there_is_no_accuracy_and_no_calibration(scenarios: dict[str, Material]) -> None:
    found = answered(CLAIM, scenarios["test only"])
    assert found["38"].status == "not done"
    assert "no thresholds" in found["38"].text
    tripod = answered(TRIPOD_AI, scenarios["test only"])
    assert tripod["12f"].status == tripod["24"].status == "not done"
    assert found["20"].text == "The cohort had one part only."
    assert "At the thresholds" not in found["28"].text


def test_of_an_outside_model_only_its_numbers_are_filled(scenarios: dict[str, Material]) -> None:
    found = answered(CLAIM, scenarios["outside"])
    assert {number for number, one in found.items() if one.status == "filled"} == {
        "10", "12", "20", "28", "29", "36", "37", "38",
    }  # fmt: skip
    for number in ("22", "25", "26", "32", "33"):
        assert found[number].status == "author"
    assert "only predictions were given" in found["22"].text
    assert "its training images are not" in found["33"].text
    assert not any("DenseNet" in one.text for one in found.values())
    tripod = answered(TRIPOD_AI, scenarios["outside"])
    for number in ("9a", "12a", "12b", "12c", "15", "22", "27a", "27b"):
        assert tripod[number].status == "not done"
        assert "No model was developed in this run" in tripod[number].text


def test_the_training_part_is_not_taken_for_an_outside_models(scenarios: dict[str, Material]) -> None:
    said = "No evaluated model is known to have been trained on the training part."
    assert said in answered(CLAIM, scenarios["outside"])["19"].text
    assert said not in answered(CLAIM, scenarios["ours"])["19"].text
    assert said not in answered(CLAIM, scenarios["test only"])["19"].text


def test_synthetic_images_are_called_so_and_have_no_patients(scenarios: dict[str, Material]) -> None:
    claim, tripod = answered(CLAIM, scenarios["synthetic"]), answered(TRIPOD_AI, scenarios["synthetic"])
    for number in ("5", "13"):
        assert claim[number].status == "not done"
    for number in ("5b", "6a", "6c", "17"):
        assert tripod[number].status == "not done"
    for number in ("7", "14", "15", "16"):
        assert claim[number].status == "filled"
    assert "synthetic" in claim["7"].text
    assert "80 synthetic images" in claim["10"].text
    said = " ".join(answer.text for answer in (*claim.values(), *tripod.values()))
    assert "National Institutes" not in said
    assert "mined" not in said
    assert "radiologist" not in said


def test_an_external_test_is_called_so(scenarios: dict[str, Material]) -> None:
    found = answered(CLAIM, scenarios["external"])
    assert found["33"].status == "filled"
    assert found["33"].text.startswith("External testing of a")
    assert found["32"].status == "not done"
    # The network is known though it was trained elsewhere; nothing was developed on this cohort.
    assert found["22"].status == "filled"
    tripod = answered(TRIPOD_AI, scenarios["external"])
    assert tripod["12a"].status == "not done"
    assert tripod["16"].status == "author"


def test_data_of_ones_own_have_what_the_map_tells(scenarios: dict[str, Material]) -> None:
    found = answered(CLAIM, scenarios["map"])
    assert "labels of Our hospital" in found["14"].text
    assert "uncertain ones count as absent" in found["14"].text
    assert found["14"].status == found["7"].status == found["8"].status == "author"
    assert "The map kept the rows with view: PA, AP." in found["8"].text
    assert found["19"].status == "filled"
    assert "The label table gave no parts." in found["19"].text
    assert "NIH" not in " ".join(answer.text for answer in found.values())


def test_parts_that_a_table_gives_are_told(nih: StoredResults) -> None:
    split = {"column": "part", "values": {"dev": "train", "eval": "test"}, "pattern": None}
    with_made = by_map(split=split)
    text = answered(CLAIM, material_of(nih, *with_made, EVALUATE))["19"].text
    assert "Parts were those that the label table gives (column part). The tables give no" in text
    (given,) = by_map(split=split)
    text = answered(CLAIM, material_of(nih, replace(given, notes=[]), EVALUATE))["19"].text
    assert "fifth of the patients" not in text


def test_images_without_patients_are_not_said_to_be_disjoint_by_patient(nih: StoredResults) -> None:
    records = by_map(patient={"column": None, "none": True})
    found = answered(CLAIM, material_of(nih, *records, EVALUATE))["20"]
    assert found.status == "author"
    assert "each image was taken for a patient of its own" in found.text


def test_patients_in_two_parts_are_told(nih: StoredResults) -> None:
    changed = nih.model_copy(update={"patients_in_two_parts": 30})
    found = answered(CLAIM, material_of(changed, *chain()))["20"]
    assert found.status == "filled"
    assert "not disjoint: 30 patients are in more than one part" in found.text


def test_a_recipe_of_another_version_is_not_guessed(nih: StoredResults) -> None:
    training = train_record()
    strange = replace(training, settings={**training.settings, "new_key": 1})
    found = answered(CLAIM, material_of(nih, cohort_record(), PACK, strange, PREDICT, EVALUATE))
    assert found["25"].status == "author"
    assert "cannot read in the record" in found["25"].text


def test_missing_labels_and_scores_are_counted() -> None:
    cohort = cohort_of(THREE)
    frame = cohort.frame.copy()
    frame.loc[frame.index[:9], "Mass"] = None
    part = CohortTable(frame)
    table = scores_of(cohort, "validation", "test", keep=100)
    found = answered(CLAIM, material_of(results_of(part, table, replicates=100)))
    assert "Labels were unknown for: Mass (9)." in found["12"].text
    judged = 100 - len(cohort.rows("validation"))
    assert f"the {judged} images of" in found["12"].text
    assert f"({len(cohort.rows('test')) - judged} without a score of a)" in found["10"].text


def test_events_are_those_of_the_labels(nih: StoredResults) -> None:
    cohort = cohort_of(THREE)
    rows = cohort.rows("test")
    positive = cohort.frame["Mass"].to_numpy()[rows] == 1
    patients = len(np.unique(cohort.patients[rows][positive]))
    text = answered(TRIPOD_AI, material_of(nih))["21"].text
    assert f"Mass {positive.sum()} of {len(rows)} ({patients})" in text


def three_models() -> Material:
    """A network that was trained here, the linear probe, and a published model."""
    cohort = cohort_of(THREE)
    tables = [scores_of(cohort, "validation", "test", card=OURS, seed=seed) for seed in (1, 2, 3)]
    read = {"cohort": "c", "predictions of a": "t", "predictions of b": "u", "predictions of c": "v"}
    probe = record("linear-probe", {"b.parquet": "u"}, {"cohort": "c"}, {"strengths": [0.001, 0.1]})
    published = record("xrv:densenet121-res224-nih", {"c.parquet": "v"}, {"cohort": "c"})
    evaluated = record("evaluate", {"results.json": "r"}, read)
    chained = (cohort_record(), PACK, train_record(), PREDICT, probe, published, evaluated)
    return material_of(results_of(cohort, *tables, origin=NIH, replicates=100), *chained)


def test_a_probe_and_a_published_model_are_told_apart_from_a_network() -> None:
    found = answered(CLAIM, three_models())
    assert found["22"].status == "filled"
    assert "a was a DenseNet-121 (Huang et al. 2017)" in found["22"].text
    assert "b was a logistic regression on the mean of the frozen trunk's output." in found["22"].text
    assert (
        "was used as published (Cohen et al. 2022), with its own reader and preprocessing."
        in found["22"].text
    )
    assert "b was chosen on the tuning part among 0.001, 0.1." in found["25"].text
    assert "c was trained" not in found["25"].text
    assert "over findings and their means and the 3 pairs of models" in found["29"].text
    assert found["32"].status == "author"
    assert "external testing of c is not known" in found["32"].text


def test_calibration_that_does_not_help_is_told() -> None:
    results = three_models().results
    (name, calibrated), *_ = results.models[0].calibration.items()
    worse = calibrated.model_copy(
        update={"after": calibrated.after.model_copy(update={"log_loss": calibrated.before.log_loss + 1})}
    )
    model = results.models[0].model_copy(update={"calibration": {name: worse}})
    text = answered(TRIPOD_AI, material_of(results.model_copy(update={"models": [model]})))["24"].text
    assert "lowered the log loss of a in 0 of 1 finding and did not in 1." in text


def test_a_heatmap_that_was_judged_is_explanation(nih: StoredResults) -> None:

    shown = nih.model_copy(update={"localizations": [localization(finding(0.5))]})
    found = answered(CLAIM, material_of(shown, *chain()))["31"]
    assert found.status == "filled"
    assert "boxes that a radiologist drew" in found.text


@pytest.mark.parametrize("guideline", BOTH, ids=lambda one: one.title)
def test_the_tally_counts_every_item(guideline: Guideline, scenarios: dict[str, Material]) -> None:
    tally = fill_in(guideline, Facts(scenarios["ours"])).tally
    assert sum(tally.values()) == len(guideline.items)


def test_words_are_ours() -> None:
    # Long runs of the published wording would be a copy: what an item asks for is a few words.
    for item in (*CLAIM.items, *TRIPOD_AI.items):
        assert len(re.findall(r"\w+", item.asks)) <= 12
