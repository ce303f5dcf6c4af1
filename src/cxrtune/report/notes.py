"""Findings of an evaluation, for page and terminal: cautions, choice of thresholds, test verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cxrtune.evaluation.results import (
    Caution,
    ChosenOn,
    Comparison,
    FindingResult,
    PairedResult,
    StoredResults,
)
from cxrtune.evaluation.statistics.effective_size import LEVEL
from cxrtune.evaluation.verdicts import SURE
from cxrtune.findings import spoken
from cxrtune.report.notation import count, counted, listed, p_text, percent, score, signed, signed_span
from cxrtune.shown import listed as listed_shortly


def caution_sentences(results: StoredResults) -> list[str]:
    """Return one sentence for each kind of caution, the most serious first."""
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


def choice_notes(results: StoredResults) -> Iterator[str]:
    """Yield a sentence for each model without thresholds, or for which test images chose something."""
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


def verdict(pair: Comparison, name: str, result: PairedResult) -> str:
    """Describe one result in a sentence."""
    first, second = pair.first, pair.second
    if result.difference is None:
        return f"{name}: undefined here."
    if result.interval is None:
        return f"{name}: {first} and {second} do not differ in any patient."
    difference = f"{signed(result.difference)} AUROC"
    if result.interval_holm is None or result.p_holm is None:
        why = _why_not_tested(result)
        return f"{name}: {difference} (95 % interval {signed_span(result.interval)}); {why}."
    interval, p_value = signed_span(result.interval_holm), f"{p_text(result.p_holm)}{_undecided(result)}"
    numbers = f"by {difference} ({_interval(result)} {interval}; {p_value})"
    match result.verdict:
        case "higher":
            return f"{name}: {first} is higher than {second} {numbers}{_margin(result)}."
        case "lower":
            return f"{name}: {first} is lower than {second} {numbers}{_margin(result)}."
        case _:
            found = f"{first} and {second} are not separable with this test set, {numbers[3:]}"
            return f"{name}: {found}{_detectable(result)}{_margin(result)}."


def _detectable(result: PairedResult) -> str:
    if result.detectable is None:
        return ""
    return f"; a single test of this size finds a difference of {result.detectable:.3f} with a power of 80 %"


def _undecided(result: PairedResult) -> str:
    """Explain that a p-value is too near 0.05 for the random swaps to show which side it is on."""
    if not result.p_holm or not result.p_patients or result.p_error is None:
        return ""
    error = result.p_error * result.p_holm / result.p_patients
    is_decided = abs(result.p_holm - LEVEL) > SURE * error
    return "" if is_decided else f", which the draws leave undecided: its Monte-Carlo error is {error:.4f}"


def _margin(result: PairedResult) -> str:
    if result.margin is None or result.p_noninferior is None:
        return ""
    is_shown = "is shown" if result.noninferior else "is not shown"
    return f"; non-inferiority by {result.margin:g} {is_shown} ({p_text(result.p_noninferior)})"


def _interval(result: PairedResult) -> str:
    """Return the interval that matches the verdict: a single test needs no correction."""
    if result.primary:
        return "primary endpoint, 95 % interval"
    is_corrected = result.interval_holm != result.interval
    return "95 % interval, corrected as p is by Holm," if is_corrected else "95 % interval"


def _why_not_tested(result: PairedResult) -> str:
    fewer = min(result.positive_patients, result.negative_patients)
    what = "with" if result.positive_patients == fewer else "without"
    return f"{counted(fewer, 'patient')} {what} it: too few to compare, no test is made"


def tally(pair: Comparison) -> str:
    """Count the verdicts of a pair: `higher in 3, lower in 0, not separable in 5 findings`."""
    verdicts = [result.verdict for result in pair.findings.values()]
    higher, lower = verdicts.count("higher"), verdicts.count("lower")
    rest, few = verdicts.count("not separable"), verdicts.count("too few to compare")
    of = counted(len(verdicts), "finding")
    told = f"higher in {higher}, lower in {lower}, not separable in {rest}"
    return f"{told}, too few patients to compare in {few} of {of}" if few else f"{told} of {of}"
