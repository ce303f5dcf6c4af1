"""What a paired test says, in a sentence."""

from __future__ import annotations

from cxrtune.evaluation.results import Comparison, PairedResult
from cxrtune.evaluation.statistics.effective_size import LEVEL
from cxrtune.evaluation.verdicts import SURE
from cxrtune.report.notation import counted, p_text, signed, signed_span


def verdict(pair: Comparison, name: str, result: PairedResult) -> str:
    """Put one result into a sentence."""
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
    """Say that a p-value is so near 0.05 that the draws of swaps did not tell on which side it lies."""
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
    """Name the interval by which the verdict is known: one test needs no correction."""
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
