"""What was judged, in counts and in words."""

from __future__ import annotations

from cxrtune.evaluation.results import SplitCount, StoredResults
from cxrtune.report.notation import count, counted

_PARTS = {"all": "all parts"}


def part_named(split: str) -> str:
    """Name what was evaluated: `the test part`, `all parts`."""
    return _PARTS.get(split, f"the {split} part")


def judged_images(results: StoredResults) -> int:
    """Return how many images every number rests on."""
    return results.images if results.shared_images is None else results.shared_images


def judged_patients(results: StoredResults) -> int:
    """Return how many patients they are of."""
    return results.patients if results.shared_patients is None else results.shared_patients


def size_of(part: SplitCount) -> str:
    """Write a part's size: `8,265 images of 2,312 patients`."""
    return f"{counted(part.images, 'image')} of {counted(part.patients, 'patient')}"


def judged_size(results: StoredResults) -> str:
    """Write the size of what was judged: `216 images of 129 patients`."""
    if results.origin.patients == "each image":
        return f"{_images(results)} (each taken for one of a patient of its own)"
    return f"{_images(results)} of {counted(judged_patients(results), 'patient')}"


def judged_counts(results: StoredResults, finding: str) -> tuple[int, int]:
    """Return the positives and negatives that the models with scores of a finding were judged on."""
    rested = [model.findings[finding] for model in results.models if finding in model.findings]
    return max((one.support for one in rested), default=0), max((one.negatives for one in rested), default=0)


def positive_patients(results: StoredResults, finding: str) -> int:
    """Return how many patients with a finding the models were judged on."""
    rested = [model.findings[finding] for model in results.models if finding in model.findings]
    return max((one.positive_patients for one in rested), default=0)


def synthetic(results: StoredResults) -> str:
    """Return what stands before `images`: `synthetic `, or nothing."""
    return "synthetic " if results.synthetic else ""


def judged_line(results: StoredResults) -> str:
    """Write what a figure shows: `1,612 images of the test part`."""
    return f"{_images(results)} of {part_named(results.split)}"


def _images(results: StoredResults) -> str:
    images = judged_images(results)
    return f"{count(images)} {synthetic(results)}{'image' if images == 1 else 'images'}"


def patients_in_two_parts(results: StoredResults) -> str:
    """Say how many patients are in more than one part."""
    number = results.patients_in_two_parts or 0
    return (
        f"{counted(number, 'patient')} {'is' if number == 1 else 'are'} in more than one part of the cohort"
    )
