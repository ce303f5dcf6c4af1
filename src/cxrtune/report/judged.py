"""Describe what was evaluated, which values are defined, and why others are not."""

from __future__ import annotations

from cxrtune.evaluation.results import AverageResult, FindingResult, ModelResult, SplitCount, StoredResults
from cxrtune.evaluation.settings import ALL
from cxrtune.report.notation import count, counted

NOT_GIVEN = "not given by this model"
_NOTHING = "undefined: 0 images with both a score and a label"
_PARTS = {"all": "all parts"}


def part_named(split: str) -> str:
    """Return a name for what was evaluated: `the test part`, `all parts`."""
    return _PARTS.get(split, f"the {split} part")


def judged_images(results: StoredResults) -> int:
    """Return the number of evaluated images."""
    return results.images if results.shared_images is None else results.shared_images


def judged_patients(results: StoredResults) -> int:
    """Return the number of patients with evaluated images."""
    return results.patients if results.shared_patients is None else results.shared_patients


def size_of(part: SplitCount) -> str:
    """Format a part's size: `8,265 images of 2,312 patients`."""
    return f"{counted(part.images, 'image')} of {counted(part.patients, 'patient')}"


def judged_size(results: StoredResults) -> str:
    """Format the size of the test set: `216 images of 129 patients`."""
    if results.origin.patients == "each image":
        return f"{_images(results)} (each taken for one of a patient of its own)"
    return f"{_images(results)} of {counted(judged_patients(results), 'patient')}"


def judged_counts(results: StoredResults, finding: str) -> tuple[int, int]:
    """Return the numbers of positives and negatives for models with scores of a finding."""
    rested = [model.findings[finding] for model in results.models if finding in model.findings]
    return max((one.support for one in rested), default=0), max((one.negatives for one in rested), default=0)


def positive_patients(results: StoredResults, finding: str) -> int:
    """Return the number of evaluated patients with a finding."""
    rested = [model.findings[finding] for model in results.models if finding in model.findings]
    return max((one.positive_patients for one in rested), default=0)


def synthetic(results: StoredResults) -> str:
    """Return the word before `images`: `synthetic `, or nothing."""
    return "synthetic " if results.synthetic else ""


def judged_line(results: StoredResults) -> str:
    """Describe what a figure shows: `1,612 images of the test part`."""
    return f"{_images(results)} of {part_named(results.split)}"


def _images(results: StoredResults) -> str:
    images = judged_images(results)
    return f"{count(images)} {synthetic(results)}{'image' if images == 1 else 'images'}"


def patients_in_two_parts(results: StoredResults) -> str:
    """Return a sentence with the number of patients in more than one part."""
    number = results.patients_in_two_parts or 0
    return (
        f"{counted(number, 'patient')} {'is' if number == 1 else 'are'} in more than one part of the cohort"
    )


def part_of(results: StoredResults) -> str:
    """Return the word before `images`: `test `, or nothing if all parts were evaluated."""
    return "" if results.split == ALL else f"{results.split} "


def judged(results: StoredResults) -> str:
    """Describe what was evaluated: `2 models on 491 test images of 358 patients`."""
    kind, models = f"{synthetic(results)}{part_of(results)}", counted(len(results.models), "model")
    who = f"of {judged_patients(results):,} patients"
    if results.origin.patients == "each image":
        who = "whose patients are not given"
    return f"{models} on {judged_images(results):,} {kind}images {who}"


def rests_on_nothing(result: FindingResult) -> bool:
    """Return whether no image has both a score of this model and a known label."""
    return result.support == 0 and result.negatives == 0


def why_no_auroc(result: FindingResult) -> str:
    """Return why an AUROC is not defined: it needs positives and negatives."""
    if rests_on_nothing(result):
        return _NOTHING
    if result.support == 0:
        return f"undefined: 0 positives ({counted(result.negatives, 'negative')})"
    if result.negatives == 0:
        return f"undefined: 0 negatives ({counted(result.support, 'positive')})"
    return f"{NOT_GIVEN} ({counted(result.support, 'positive')}, {counted(result.negatives, 'negative')})"


def why_not_at_threshold(result: FindingResult) -> str:
    """Return why a value at the threshold is not defined."""
    if rests_on_nothing(result):
        return _NOTHING
    if result.threshold is None:
        return f"undefined: no threshold ({counted(result.support, 'positive')})"
    return f"undefined: {counted(result.support, 'positive')}, {counted(result.called, 'positive call')}"


def why_no_specificity(result: FindingResult) -> str:
    """Return why a specificity is not defined."""
    if result.threshold is None or rests_on_nothing(result):
        return why_not_at_threshold(result)
    return f"undefined: {counted(result.negatives, 'negative')}"


def why_no_average(result: AverageResult) -> str:
    """Return why an average is not defined."""
    return f"undefined: {count(result.over)} values to average"


def area(model: ModelResult, finding: str) -> float | None:
    """Return a model's AUROC for a finding, or None if it is not defined or not available."""
    result = model.findings.get(finding)
    return None if result is None else result.auroc


def defined(model: ModelResult, results: StoredResults) -> list[str]:
    """Return the findings for which a model has an AUROC, in the cohort's order."""
    return [finding for finding in results.findings if area(model, finding) is not None]


def shared(results: StoredResults) -> list[str]:
    """Return the findings for which every model has an AUROC, in the cohort's order."""
    return [
        finding
        for finding in results.findings
        if all(area(model, finding) is not None for model in results.models)
    ]


def mean(model: ModelResult, findings: list[str]) -> float | None:
    """Return the unweighted mean of a model's AUROCs over findings, or None without findings."""
    areas = [known for finding in findings if (known := area(model, finding)) is not None]
    return sum(areas) / len(areas) if areas else None
