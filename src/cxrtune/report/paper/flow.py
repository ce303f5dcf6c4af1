"""How many images and patients went which way: from the label table to what was evaluated."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.findings import spoken
from cxrtune.report.judged import judged_images, judged_patients
from cxrtune.report.paper.facts import Facts

_NAMES = {"train": "Training", "validation": "Tuning (validation)", "test": "Test"}
_TESTS = {"internal": "Internal test", "external": "External test"}


@dataclass(frozen=True)
class FlowPart:
    """One part of the cohort, and how many of its images were evaluated."""

    name: str
    images: int
    patients: int
    evaluated: int


@dataclass(frozen=True)
class FlowFinding:
    """Evaluated images with and without a finding, and of which it is not known; patients with it."""

    name: str
    positives: int
    negatives: int
    unknown: int
    patients: int


@dataclass(frozen=True)
class FlowCounts:
    """The flow of images.

    Attributes:
        in_table: Images of the label table; None where no record tells.
        left_out: Reasons, with images, for which images of the table are not in the cohort.
        images: Images of the cohort.
        patients: Its patients; None where a patient may be in two parts.
        unreadable: Images of the cohort that could not be read; None where no record tells.
        parts: Its parts.
        not_scored: By model, images of what was to be evaluated that it gave no score.
        evaluated: Images that were evaluated.
        evaluated_patients: Their patients.
        findings: The evaluated images by finding.
        models: How many models were evaluated.
        synthetic: Whether a program drew the images.
    """

    in_table: int | None
    left_out: tuple[tuple[str, int], ...]
    images: int
    patients: int | None
    unreadable: int | None
    parts: tuple[FlowPart, ...]
    not_scored: tuple[tuple[str, int], ...]
    evaluated: int
    evaluated_patients: int
    findings: tuple[FlowFinding, ...]
    models: int
    synthetic: bool


def flow_of(facts: Facts) -> FlowCounts:
    """Count the images and patients of a report."""
    results, record, pack = facts.results, facts.lineage.cohort, facts.lineage.pack
    counts = {} if record is None or "in_table" not in record.counts else record.counts
    by = "the map" if facts.map is not None else "the protocol"
    left_out = ((f"excluded by {by}", "excluded_by_protocol"), ("not on disk", "not_on_disk"))
    evaluated = judged_images(results)
    judged = {finding: facts.judged(finding) for finding in results.findings}
    return FlowCounts(
        in_table=counts.get("in_table"),
        left_out=tuple((reason, counts[key]) for reason, key in left_out if counts),
        images=sum(part.images for part in results.cohort),
        patients=sum(part.patients for part in results.cohort)
        if results.patients_in_two_parts == 0
        else None,
        unreadable=None if pack is None else pack.counts.get("unreadable"),
        parts=tuple(
            FlowPart(_name(facts, part.split), part.images, part.patients, results.judged.get(part.split, 0))
            for part in results.cohort
            if part.images
        ),
        not_scored=tuple((model.name, model.not_scored) for model in results.models if model.not_scored),
        evaluated=evaluated,
        evaluated_patients=judged_patients(results),
        findings=tuple(
            FlowFinding(spoken(finding), positives, negatives, evaluated - positives - negatives, patients)
            for finding, (positives, negatives, patients) in judged.items()
        ),
        models=len(results.models),
        synthetic=facts.synthetic,
    )


def _name(facts: Facts, split: str) -> str:
    kinds = {testing.kind for testing in facts.testing}
    if split == "test" and len(kinds) == 1:
        return _TESTS.get(kinds.pop(), _NAMES[split])
    return _NAMES.get(split, split)
