"""What an evaluation tells on the console of what was judged, and of what chose thresholds."""

from __future__ import annotations

from collections.abc import Iterator

from cxrtune.evaluation.results import ChosenOn, FindingResult, Results
from cxrtune.evaluation.settings import ALL
from cxrtune.report.judged import judged_images, judged_patients, synthetic
from cxrtune.report.notation import counted
from cxrtune.shown import listed


def part_of(results: Results) -> str:
    """Return what stands before `images`: `test `, or nothing where all parts were evaluated."""
    return "" if results.split == ALL else f"{results.split} "


def judged(results: Results) -> str:
    """Write what was judged: `2 models on 491 test images of 358 patients`."""
    kind, models = f"{synthetic(results)}{part_of(results)}", counted(len(results.models), "model")
    who = f"of {judged_patients(results):,} patients"
    if results.origin.patients == "each image":
        who = "whose patients are not given"
    return f"{models} on {judged_images(results):,} {kind}images {who}"


def choice_notes(results: Results) -> Iterator[str]:
    """Yield a sentence for each model without thresholds, or whose judged images chose something."""
    for model in results.models:
        basis = model.chosen
        if basis is None:
            continue
        if basis.thresholds == "none":
            neither = " and is not calibrated" if basis.calibration == "none" else ""
            yield f"{model.name} makes no calls{neither}, thresholds are {model.threshold_rule}"
        uncalled = [finding for finding, one in model.findings.items() if _lacks_threshold(one)]
        if basis.thresholds == "user" and uncalled:
            yield f"{model.name} makes no calls of {listed(uncalled)}: the user gave no threshold"
        if basis.judged and _chose_here(basis):
            yield (
                f"{basis.judged:,} of the {results.shared_images:,} images that are judged chose thresholds "
                f"or calibration of {model.name}: what rests on these is too good"
            )
    if results.patients_in_two_parts:
        yield f"{results.patients_in_two_parts:,} patients of the cohort are in more than one part"


def _lacks_threshold(result: FindingResult) -> bool:
    return result.threshold is None and result.auroc is not None


def _chose_here(basis: ChosenOn) -> bool:
    return "validation" in (basis.thresholds, basis.operating_points, basis.calibration)
