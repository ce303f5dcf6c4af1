"""What an evaluation found odd, and what chose thresholds, in sentences for the page and the console."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cxrtune.evaluation.results import Caution, ChosenOn, FindingResult, StoredResults
from cxrtune.evaluation.settings import ALL
from cxrtune.findings import spoken
from cxrtune.report.judged import judged_images, judged_patients, synthetic
from cxrtune.report.notation import count, counted, listed, percent, score
from cxrtune.shown import listed as listed_shortly


def caution_sentences(results: StoredResults) -> list[str]:
    """Return a sentence for each kind of oddity, the gravest first."""
    kinds: dict[str, list[Caution]] = {}
    for caution in results.cautions:
        kinds.setdefault(caution.kind, []).append(caution)
    return [sentence for kind, found in kinds.items() for sentence in _sentences(kind, found)]


def _sentences(kind: str, found: Sequence[Caution]) -> list[str]:
    first = found[0]
    match kind:
        case "one-patient":
            return [
                f"All {counted(first.count, 'image')} judged are of one patient: there is no interval and no "
                "test, and nothing here says how a model does on others."
            ]
        case "large-patient":
            return [
                f"One patient has {count(first.count)} of the {counted(first.of, 'image')} judged "
                f"({percent(first.count, first.of)} %): the numbers are largely that patient's."
            ]
        case "one-positive-patient":
            named = listed([f"{spoken(_finding(one))} ({counted(one.count, 'image')})" for one in found])
            return [f"All positive images are of one patient for {named}: no interval and no test is made."]
        case "binary-scores":
            named = listed([one.model or "" for one in found])
            return [f"Every score of {named} is 0 or 1: are these calls, or labels, and no scores?"]
        case "same-scores":
            return [
                f"{count(first.count)} of the {counted(first.of, 'image')} judged have exactly the scores of "
                "another patient's image: the same image may be there twice, which makes intervals too short."
            ]
        case "below-chance":
            named = listed([f"{_of(one)} ({score(one.value or 0.0)})" for one in found])
            return [f"AUROC below chance: {named}. Are these scores of the absence of the finding?"]
        case "unknown-labels":
            most = max(found, key=lambda one: one.count)
            others = f", and {counted(len(found) - 1, 'other finding')}" if len(found) > 1 else ""
            return [
                f"Labels are not known of all judged images: {spoken(_finding(most))} of "
                f"{count(most.count)} of {count(most.of)}{others}. Each finding rests on those that are "
                "known, which may not be a random part."
            ]
        case _:
            return [_worst_case(one) for one in found]


def _worst_case(caution: Caution) -> str:
    missing = f"{caution.model} did not score {count(caution.count)} of {counted(caution.of, 'image')}"
    if caution.value is None:
        return f"{missing}."
    return (
        f"{missing}: if it had ranked all of these wrongly, its macro AUROC over all images would be "
        f"{score(caution.value)}."
    )


def _of(caution: Caution) -> str:
    return f"{caution.model} on {spoken(_finding(caution))}"


def _finding(caution: Caution) -> str:
    return caution.finding or ""


def part_of(results: StoredResults) -> str:
    """Return what stands before `images`: `test `, or nothing where all parts were evaluated."""
    return "" if results.split == ALL else f"{results.split} "


def judged(results: StoredResults) -> str:
    """Write what was judged: `2 models on 491 test images of 358 patients`."""
    kind, models = f"{synthetic(results)}{part_of(results)}", counted(len(results.models), "model")
    who = f"of {judged_patients(results):,} patients"
    if results.origin.patients == "each image":
        who = "whose patients are not given"
    return f"{models} on {judged_images(results):,} {kind}images {who}"


def choice_notes(results: StoredResults) -> Iterator[str]:
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
            yield f"{model.name} makes no calls of {listed_shortly(uncalled)}: the user gave no threshold"
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
