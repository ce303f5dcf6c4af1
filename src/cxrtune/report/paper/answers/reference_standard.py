"""Answers on the reference standard: what it is, who made it, how much its makers agree."""

from __future__ import annotations

from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import ItemAnswer, author, filled, joined, not_done
from cxrtune.report.paper.sentences import reference_standard, statistics

LIMITS = "index.html: Limits"
_NOBODY = "No person judged the images: "


def definition(facts: Facts) -> ItemAnswer:
    """How the reference standard was obtained."""
    known = reference_standard.defined(facts)
    if known is not None:
        return filled(known, LIMITS)
    return author(
        "say how the labels were obtained.",
        joined(reference_standard.described(facts), reference_standard.joined(facts)),
        LIMITS,
    )


def outcome(facts: Facts) -> ItemAnswer:
    """The outcome, when it is assessed, and whether alike in all groups."""
    known = reference_standard.defined(facts) or reference_standard.described(facts)
    horizon = "The finding is predicted of the image itself; there is no time horizon."
    if facts.synthetic:
        return filled(f"{known} {horizon}", LIMITS)
    return author(
        "say why these findings, and whether they were assessed alike in all groups.", joined(known, horizon)
    )


def rationale(facts: Facts) -> ItemAnswer:
    """Why this reference standard."""
    if facts.synthetic:
        return filled("The labels are what was drawn: there is no other reference standard.")
    return author("say why this reference standard was chosen.")


def annotators(facts: Facts) -> ItemAnswer:
    """Who annotated."""
    nobody = _nobody(facts)
    if nobody is not None:
        return filled(nobody)
    return author("say who annotated, and how they were qualified.", reference_standard.joined(facts))


def of_test_images(facts: Facts) -> ItemAnswer:
    """How the test images were annotated."""
    nobody, others = _nobody(facts), statistics.other_labels(facts)
    if nobody is not None:
        return filled(joined("Test images were labelled as all others.", nobody, others) or "")
    return author("say how the test images were annotated.", joined(reference_standard.joined(facts), others))


def agreement(facts: Facts) -> ItemAnswer:
    """How much annotators agree."""
    return not_done(
        joined(
            _nobody(facts),
            "Agreement between or within annotators was not measured; the software computes none.",
        )
        or ""
    )


def blinding(facts: Facts) -> ItemAnswer:
    """Whether annotators were blind."""
    if facts.synthetic:
        return filled("The labels were made with the images, before any model saw them.")
    if facts.of_nih:
        return filled(
            "The labels were published in 2017, before this evaluation, and without the models judged in it."
        )
    return author("say whether those who labelled knew a model's output.")


def _nobody(facts: Facts) -> str | None:
    if facts.synthetic:
        return f"{_NOBODY}the program that drew them labelled them."
    if facts.of_nih:
        return f"{_NOBODY}a program took the labels from the radiology reports [@wang2017]."
    return None
