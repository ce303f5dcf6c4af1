"""Sentences about the split of the cohort: the rule, the sizes, and the level of disjointness."""

from __future__ import annotations

from typing import Any

from cxrtune.cohort.split_lists import KAGGLES_LISTS, LISTS
from cxrtune.report.judged import patients_in_two_parts, size_of
from cxrtune.report.notation import listed
from cxrtune.report.paper.facts import Facts

PARTS = {"train": "training part", "validation": "tuning (validation) part", "test": "test part"}

_WHERE_UNUSABLE = ", or, where these did not fit, NIH's official one"


def assignment(facts: Facts) -> str | None:
    """State the rule for assigning images to parts."""
    settings, record = facts.cohort_settings, facts.lineage.cohort
    if "protocol" in settings:
        return (
            f"{_test_of_nih(facts)} Of the other patients, 20 % were set aside for tuning (validation), "
            f"chosen by a hash of the seed ({settings.get('seed', 0)}) and the patient."
        )
    if facts.map is None or record is None:
        return None
    split = facts.map.get("split")
    made = [note for note in record.notes if "made here" in note]
    drawn = (
        " What was made here is a fifth of the patients that were left, test first, chosen by a hash of the "
        f"seed ({settings.get('seed', 0)}) and the patient."
    )
    if split is None:
        return f"The label table gave no parts.{drawn}"
    given = f"Parts were those that {_told_by(split)}."
    return f"{given} {_sentence(made[0])}{drawn}" if made else given


def sizes(facts: Facts) -> str:
    """State the size of each part."""
    parts = [part for part in facts.results.cohort if part.images]
    named = [f"the {PARTS.get(part.split, part.split)} had {size_of(part)}" for part in parts]
    said = _sentence(listed(named))
    if facts.trained_here or all(part.split != "train" for part in parts):
        return said
    return f"{said} No evaluated model is known to have been trained on the training part."


def disjoint(facts: Facts) -> str | None:
    """State the level at which the parts are disjoint, as counted."""
    results = facts.results
    if sum(1 for part in results.cohort if part.images) == 1:
        return "The cohort had one part only."
    if results.patients_in_two_parts is None or not facts.patients_known:
        return None
    if results.patients_in_two_parts:
        return f"The parts were not disjoint: {patients_in_two_parts(results)}."
    return "Parts were disjoint by patient: by the identifiers in the cohort no patient was in two of them."


def _told_by(split: Any) -> str:
    if isinstance(split, dict) and split.get("column"):
        return f"the label table gives (column {split['column']})"
    if isinstance(split, dict) and split.get("pattern"):
        return "the images' names give"
    return "the map gives"


def _test_of_nih(facts: Facts) -> str:
    record = facts.lineage.cohort
    names = set() if record is None else {source.name for source in record.inputs}
    for lists, otherwise in ((LISTS, ""), (KAGGLES_LISTS, _WHERE_UNUSABLE)):
        if set(lists.values()) <= names:
            files = listed(sorted(lists.values()))
            return (
                f"The test part was that of the data set's lists ({files}), which is by patient{otherwise}."
            )
    return "The test part was NIH's official one, which is by patient."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
