"""Internal, external, or not known: each with records that prove it and records that do not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from paper_made import (
    EVALUATE,
    NIH,
    PREDICT,
    chain,
    cohort_record,
    material_of,
    record,
    results_named,
    train_record,
)

from cxrtune.evaluation.results import Contamination, StoredResults
from cxrtune.provenance import Record
from cxrtune.report.lineage import HowTested, how_tested


@pytest.fixture(scope="module")
def results() -> StoredResults:
    return results_named(NIH, ours=True)


def how(results: StoredResults, *records: Record) -> HowTested:
    return how_tested(material_of(results, *records), results.models[0])


def test_a_model_that_was_trained_on_the_cohort_is_tested_internally(results: StoredResults) -> None:
    found = how(results, *chain())
    assert found.kind == "internal"
    assert found.sentence == (
        "Internal testing of a: trained on this cohort, tested on the 80 images of 40 patients of the test "
        "part."
    )


def test_training_images_among_the_judged_are_told(results: StoredResults) -> None:
    seen = results.model_copy(update={"judged": {"train": 1234, "test": 80}})
    assert "; 1,234 images of these trained it." in how(seen, *chain()).sentence


@pytest.mark.parametrize("records", [(), (EVALUATE,), (train_record(), EVALUATE), (PREDICT, EVALUATE)])
def test_without_the_records_of_a_training_it_is_not_known(
    results: StoredResults, records: tuple[Record, ...]
) -> None:
    found = how(results, *records)
    assert found.kind == "unknown"
    assert "is not known" in found.sentence


def test_another_cohort_of_other_files_is_external(results: StoredResults) -> None:
    found = how(results, cohort_record(), cohort_record("other"), train_record("other"), PREDICT, EVALUATE)
    assert found.kind == "external"
    assert found.sentence.startswith("External testing of a: tested on the 80 images of 40 patients")


def test_another_cohort_of_the_same_files_is_internal(results: StoredResults) -> None:
    same = cohort_record("other", read={"Data_Entry_2017.csv": "table of c"})
    found = how(results, cohort_record(), same, train_record("other"), PREDICT, EVALUATE)
    assert found.kind == "internal"
    assert "which of these trained it is not recorded" in found.sentence


def test_the_notice_of_synthetic_images_is_no_common_file(results: StoredResults) -> None:
    notice = {"SYNTHETIC.txt": "notice"}
    ours = cohort_record(read={"labels.csv": "1"} | notice)
    theirs = cohort_record("other", read={"labels.csv": "2"} | notice)
    assert how(results, ours, theirs, train_record("other"), PREDICT, EVALUATE).kind == "external"


@pytest.mark.parametrize("lost", [0, 1])
def test_a_cohort_without_a_record_is_not_known(results: StoredResults, lost: int) -> None:
    cohorts = [cohort_record(), cohort_record("other")]
    del cohorts[lost]
    found = how(results, *cohorts, train_record("other"), PREDICT, EVALUATE)
    assert found.kind == "unknown"
    assert "whether its data came from elsewhere is not recorded" in found.sentence


def test_a_record_of_the_same_stage_that_wrote_something_else_does_not_count(results: StoredResults) -> None:
    stranger = record("train", {"model.safetensors": "another"}, {"cohort": "c"})
    assert how(results, cohort_record(), stranger, PREDICT, EVALUATE).kind == "unknown"


def test_known_training_images_are_counted(results: StoredResults) -> None:
    known = Contamination(
        rule="a list of its training images",
        source="seen.txt",
        inside=7,
        outside=70,
        outside_patients=35,
        unknown=3,
    )
    model = results.models[0].model_copy(update={"contamination": known})
    found = how(results.model_copy(update={"models": [model]}))
    assert found.kind == "internal"
    assert found.sentence.endswith(
        "by a list of its training images, 7 were in its training data, and of 3 it is not known."
    )
    whole = model.model_copy(update={"contamination": known.model_copy(update={"unknown": 0})})
    assert "not known" not in how(replace_model(results, whole)).sentence


def replace_model(results: StoredResults, model: object) -> StoredResults:
    return results.model_copy(update={"models": [model]})


def test_a_model_of_another_part_of_the_records_is_not_taken_for_it(results: StoredResults) -> None:
    renamed = replace(
        EVALUATE, inputs=[replace(one, name=one.name.replace(" a", " b")) for one in EVALUATE.inputs]
    )
    assert how(results, cohort_record(), train_record(), PREDICT, renamed).kind == "unknown"
