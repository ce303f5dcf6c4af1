"""What a paired test says, in a sentence."""

from __future__ import annotations

from cxrtune.evaluation.results import Comparison, PairedResult
from cxrtune.report.notation import counted, p_value, signed, signed_span


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
    p_text = p_value(result.p_holm)
    numbers = (
        f"by {difference} ({_interval(result)} {signed_span(result.interval_holm)}; "
        f"p {p_text.replace('<', '< ') if p_text.startswith('<') else f'= {p_text}'})"
    )
    match result.verdict:
        case "higher":
            return f"{name}: {first} is higher than {second} {numbers}."
        case "lower":
            return f"{name}: {first} is lower than {second} {numbers}."
        case _:
            return f"{name}: {first} and {second} are not separable with this test set, {numbers[3:]}."


def _interval(result: PairedResult) -> str:
    """Name the interval by which the verdict is known: one test needs no correction."""
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
