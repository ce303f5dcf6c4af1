"""The methods section, ready to paste: paragraphs in the past tense, with numbered references."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.references import Numbering, Reference
from cxrtune.report.paper.sentences import (
    data,
    model,
    partition,
    statistics,
)

_WORDS = (
    "Words are those of CLAIM 2024 [@tejani2024]: tuning is what is often called validation, internal "
    "testing is on the source of the training images, external testing on another. Checklists of CLAIM 2024 "
    "and TRIPOD+AI [@collins2024] were drafted from the same records."
)


@dataclass(frozen=True)
class Paragraph:
    """A heading and the text below it."""

    heading: str
    text: str


@dataclass(frozen=True)
class Methods:
    """The paragraphs, and their references by number."""

    paragraphs: tuple[Paragraph, ...]
    references: tuple[Reference, ...]


def write_methods(facts: Facts) -> Methods:
    """Write the methods of a run from what is known about it; the rest is omitted."""
    numbering = Numbering()
    paragraphs = [
        Paragraph(heading, numbering.numbered(" ".join(said)))
        for heading, sentences in _sections(facts)
        if (said := [sentence for sentence in sentences if sentence])
    ]
    return Methods(tuple(paragraphs), numbering.references)


def _sections(facts: Facts) -> tuple[tuple[str, tuple[str | None, ...]], ...]:
    return (
        ("Data", (data.source(facts), data.table(facts), data.criteria(facts), data.exclusions(facts))),
        (
            "Reference standard",
            (
                data.labels_defined(facts) or data.labels_described(facts),
                data.labels_joined(facts),
                statistics.other_labels(facts),
            ),
        ),
        (
            "Parts of the data",
            (
                partition.assignment(facts),
                partition.sizes(facts),
                partition.disjoint(facts),
                data.selection(facts),
                *(testing.sentence for testing in facts.testing),
                data.missing(facts),
            ),
        ),
        (
            "Models",
            (
                data.preprocessing(facts),
                model.described(facts),
                model.published(facts),
                model.unknown(facts),
                model.initialised(facts),
                model.predicted(facts),
            ),
        ),
        ("Training", (model.trained(facts), model.selected(facts), model.ensembled(facts))),
        (
            "Thresholds and calibration",
            (
                statistics.thresholds_chosen(facts),
                statistics.without_thresholds(facts),
                statistics.calibrated(facts),
            ),
        ),
        (
            "Statistical analysis",
            (
                statistics.measures(facts),
                statistics.uncertainty(facts)
                or "No intervals were made and nothing was tested: the values are point estimates.",
                statistics.comparison(facts),
                statistics.groups(facts),
                statistics.localization(facts),
            ),
        ),
        ("Software and reporting", (statistics.software(facts), _WORDS)),
    )
