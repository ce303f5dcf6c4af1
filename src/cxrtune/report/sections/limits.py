"""Limitations of the results: general ones, and those that this evaluation shows."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import StoredResults
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS
from cxrtune.findings import spoken
from cxrtune.report.judged import judged_counts, judged_images, judged_patients, part_named, positive_patients
from cxrtune.report.lineage import trained_here
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted, listed

_TRAINED_ON_NIH = ("-nih", "-all")


@dataclass(frozen=True)
class Limit:
    """One limitation: a heading of two or three words, and a sentence or two."""

    name: str
    text: str


@dataclass(frozen=True)
class LimitsView:
    """All limitations, the most serious first."""

    limits: tuple[Limit, ...]


def limits_view(material: Material) -> LimitsView:
    """Return the limitations that always apply, and those that the counts show."""
    results = material.results
    found = (_few_positives(results), _same_patients(results), _not_scored(results), _seen_before(results))
    intervals = _NO_INTERVALS if results.bootstrap is None else _INTERVALS
    return LimitsView(
        (
            *_synthetic(results),
            _software(material),
            _labels(results),
            *(() if results.synthetic else (_ONE_DATA_SET,)),
            intervals,
            *(limit for limit in found if limit is not None),
        )
    )


def _software(material: Material) -> Limit:
    trained = [model.name for model in material.results.models if model.name in trained_here(material)]
    text = "cxrtune is no medical device, and nothing here is a diagnosis."
    if trained:
        which = "This model was" if len(trained) == 1 else "These models were"
        text += f" {which} trained with it and may not be used to make one: {listed(trained)}."
    return Limit("Research software", text)


_ONE_DATA_SET = Limit(
    "One data set",
    "All images come from one cohort. How the models do at another hospital, on other equipment or other "
    "patients, was not measured and is often worse.",
)
_NO_INTERVALS = Limit(
    "No intervals",
    "The values are point estimates. Without confidence intervals and paired tests, a difference between "
    "two models cannot be told from chance.",
)
_INTERVALS = Limit(
    "Intervals",
    "They cover the choice of the judged patients and nothing else: not another training run, not errors of "
    "the labels, not another hospital. They are not corrected for how many there are.",
)


def _synthetic(results: StoredResults) -> list[Limit]:
    if not results.synthetic:
        return []
    return [
        Limit(
            "Synthetic images",
            "The images, labels and boxes were made by a program and belong to no patient. These numbers "
            "show that software works and say nothing about real radiographs.",
        )
    ]


def _labels(results: StoredResults) -> Limit:
    origin = results.origin
    match origin.labels:
        case "synthetic":
            text = "The labels are what the program drew: they are exact, as labels of radiographs are not."
        case "nih":
            text = (
                "NIH ChestX-ray14's labels were mined from radiology reports by a program. Some are wrong, "
                "and a model is rewarded for repeating the error."
            )
        case "map":
            source = f" come from {origin.labels_named}. They" if origin.labels_named else ""
            text = (
                f"The labels{source} are taken as the table gives them; uncertain ones count as "
                f"{_UNCERTAIN[origin.uncertain or 'unknown']}. Where they are wrong, a model is rewarded for "
                "repeating the error."
            )
        case _:
            text = (
                "How the labels were made is not recorded. Where they are wrong, a model is rewarded for "
                "repeating the error."
            )
    again = [
        f"{truth.name} of {counted(truth.images, 'image')} are under “Other labels”."
        for truth in results.second_truths
    ]
    return Limit("Labels", " ".join([text, *again]))


_UNCERTAIN = {"positive": "present", "negative": "absent", "unknown": "not known, and are left out"}


def _few_positives(results: StoredResults) -> Limit | None:
    patients = {finding: positive_patients(results, finding) for finding in results.findings}
    few = {
        finding: number
        for finding, number in patients.items()
        if number < FEWEST_PATIENTS and any(judged_counts(results, finding))
    }
    if not few:
        return None
    named = ", ".join(f"{spoken(finding)} ({count(number)})" for finding, number in few.items())
    return Limit(
        "Few positives",
        f"Fewer than {FEWEST_PATIENTS} patients with the finding were judged of: {named}. An AUROC on so few "
        "says little, it is not compared, and it pulls the macro average about.",
    )


def _same_patients(results: StoredResults) -> Limit | None:
    if judged_images(results) <= judged_patients(results):
        return None
    images, patients = counted(judged_images(results), "image"), counted(judged_patients(results), "patient")
    return Limit(
        "Repeated patients",
        f"The {images} judged come from {patients}: images of one patient resemble each other, so the "
        "evaluation rests on fewer cases than it has images.",
    )


def _not_scored(results: StoredResults) -> Limit | None:
    named = [f"{model.name} ({count(model.not_scored)})" for model in results.models if model.not_scored]
    if not named:
        return None
    return Limit(
        "Images without a score",
        f"Some of the {counted(results.images, 'image')} in {part_named(results.split)} have no score: "
        f"{', '.join(named)}.",
    )


def _seen_before(results: StoredResults) -> Limit | None:
    named = [
        model.name
        for model in results.models
        if model.name.startswith("xrv:") and model.name.endswith(_TRAINED_ON_NIH)
    ]
    if results.origin.images != "nih":
        return None
    if not named:
        return None
    return Limit(
        "Seen before",
        f"{', '.join(named)}: trained on a random part of NIH's patients, not on the official training part. "
        "On NIH images the numbers are probably too high, since many of them were seen in training.",
    )
