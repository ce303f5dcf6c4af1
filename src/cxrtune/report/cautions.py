"""The oddities of an evaluation in sentences, for the page's first lines and the console."""

from __future__ import annotations

from collections.abc import Sequence

from cxrtune.evaluation.results import Caution, Results
from cxrtune.findings import spoken
from cxrtune.report.notation import count, counted, listed, percent, score


def caution_sentences(results: Results) -> list[str]:
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
