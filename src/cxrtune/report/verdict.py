"""What a paired test says, in a sentence."""

from __future__ import annotations

from cxrtune.evaluation.results import Comparison, PairedResult
from cxrtune.report.notation import counted, p_value, signed, signed_span


def verdict(pair: Comparison, name: str, result: PairedResult) -> str:
    """Put one result into a sentence."""
    first, second = pair.first, pair.second
    if result.difference is None or result.interval is None or result.p_holm is None:
        return f"{name}: undefined here."
    p_text = p_value(result.p_holm)
    numbers = (
        f"by {signed(result.difference)} AUROC (95 % interval {signed_span(result.interval)}; "
        f"p {p_text.replace('<', '< ') if p_text.startswith('<') else f'= {p_text}'})"
    )
    match result.verdict:
        case "higher":
            return f"{name}: {first} is higher than {second} {numbers}."
        case "lower":
            return f"{name}: {first} is lower than {second} {numbers}."
        case _:
            return f"{name}: {first} and {second} are not separable with this test set, {numbers[3:]}."


def tally(pair: Comparison) -> str:
    """Count the verdicts of a pair: `higher in 3, lower in 0, not separable in 5 findings`."""
    verdicts = [result.verdict for result in pair.findings.values()]
    higher, lower = verdicts.count("higher"), verdicts.count("lower")
    rest = verdicts.count("not separable")
    of = counted(len(verdicts), "finding")
    return f"higher in {higher}, lower in {lower}, not separable in {rest} of {of}"
