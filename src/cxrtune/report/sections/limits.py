"""What the numbers cannot say, the general part and what this evaluation itself shows."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import Results
from cxrtune.findings import spoken
from cxrtune.provenance import Record
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted

_FEW_POSITIVES = 10
_TRAINED_ON_NIH = ("-nih", "-all")


@dataclass(frozen=True)
class Limit:
    """One limit: what it is in two or three words, then in a sentence or two."""

    name: str
    text: str


@dataclass(frozen=True)
class LimitsView:
    """All limits, the gravest first."""

    limits: tuple[Limit, ...]


def limits_view(material: Material) -> LimitsView:
    """List the limits that hold always, and those that the counts show."""
    results = material.results
    found = (_few_positives(results), _same_patients(results), _not_scored(results), _seen_before(results))
    intervals = _NO_INTERVALS if results.bootstrap is None else _INTERVALS
    return LimitsView(
        (
            _RESEARCH_SOFTWARE,
            _labels(material.records),
            _ONE_DATA_SET,
            intervals,
            *(limit for limit in found if limit is not None),
        )
    )


_RESEARCH_SOFTWARE = Limit(
    "Research software",
    "This is no medical device. Nothing here is a diagnosis, and no model shown may be used to make one.",
)
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
    "They cover the choice of test patients and nothing else: not another training run, not errors of the "
    "labels, not another hospital. They are not corrected for how many there are.",
)


def _labels(records: tuple[Record, ...]) -> Limit:
    described = next((record.settings["map"] for record in records if "map" in record.settings), None)
    if described is None:
        return Limit(
            "Labels",
            "NIH ChestX-ray14's labels were mined from radiology reports by a program; nobody read the "
            "images again. Some are wrong, and a model is rewarded for repeating the error. Labels of "
            "another source have that source's limits.",
        )
    named = [part for part in (described["title"], described["source"]) if part]
    source = f" come from {', '.join(named)}. They" if named else ""
    taken = _UNCERTAIN[described["uncertain"]]
    return Limit(
        "Labels",
        f"The labels{source} are taken as the table gives them; uncertain ones count as {taken}. "
        "Where they are wrong, a model is rewarded for repeating the error.",
    )


_UNCERTAIN = {"positive": "present", "negative": "absent", "unknown": "not known, and are left out"}


def _few_positives(results: Results) -> Limit | None:
    few = {
        finding: counts.positives
        for part in results.cohort
        if part.split == results.split
        for finding, counts in part.findings.items()
        if counts.positives < _FEW_POSITIVES
    }
    if not few:
        return None
    named = ", ".join(f"{spoken(finding)} ({count(positives)})" for finding, positives in few.items())
    return Limit(
        "Few positives",
        f"Fewer than {_FEW_POSITIVES} positives in the {results.split} part: {named}. An AUROC on so few "
        "says little, and it pulls the macro average about.",
    )


def _same_patients(results: Results) -> Limit | None:
    if results.images <= results.patients:
        return None
    return Limit(
        "Repeated patients",
        f"The {counted(results.images, 'image')} come from {counted(results.patients, 'patient')}: images of "
        "one patient resemble each other, so the evaluation rests on fewer cases than it has images.",
    )


def _not_scored(results: Results) -> Limit | None:
    named = [f"{model.name} ({count(model.not_scored)})" for model in results.models if model.not_scored]
    if not named:
        return None
    return Limit(
        "Images without a score",
        f"Some of the {counted(results.images, 'image')} of the {results.split} part have no score: "
        f"{', '.join(named)}.",
    )


def _seen_before(results: Results) -> Limit | None:
    named = [
        model.name
        for model in results.models
        if model.name.startswith("xrv:") and model.name.endswith(_TRAINED_ON_NIH)
    ]
    if not named:
        return None
    return Limit(
        "Seen before",
        f"{', '.join(named)}: trained on a random part of NIH's patients, not on the official training part. "
        "On NIH images the numbers are probably too high, since many of them were seen in training.",
    )
