"""One item of a reporting guideline, and its answer: from the run, by the author, or not done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.references import named
from cxrtune.report.paper.sentences import model

Status = Literal["filled", "author", "not done"]
STATUSES: tuple[Status, ...] = ("filled", "author", "not done")
AUTHOR = "Author:"
"""Prefix of text that the author must write."""


@dataclass(frozen=True)
class ItemAnswer:
    """The answer to an item.

    Attributes:
        status: `filled`: everything that the item asks for is stated by the report; `author`: the author must
            write it, or the rest of it; `not done`: it was not done by this program or in this run.
        text: The sentences of the answer.
        where: Where the numbers are found; empty if there are none.
    """

    status: Status
    text: str
    where: str = ""


Answering = Callable[[Facts], ItemAnswer]


@dataclass(frozen=True)
class Item:
    """One item: its published number and section, a paraphrase of what it asks for, and its answer."""

    number: str
    section: str
    asks: str
    answer: Answering | ItemAnswer | str
    """A function of the facts, or a fixed answer; a text is something that only the author can write."""

    def answered(self, facts: Facts) -> ItemAnswer:
        """Return the answer for a run; its citations give authors and years."""
        answer = author(self.answer) if isinstance(self.answer, str) else self.answer
        known = answer if isinstance(answer, ItemAnswer) else answer(facts)
        return replace(known, text=named(known.text))


ItemsBySection = Mapping[str, Sequence[tuple[str, str, Answering | ItemAnswer | str]]]
"""Number, paraphrase and answer of each item, by section of a guideline."""


def items_by_section(sections: ItemsBySection) -> tuple[Item, ...]:
    """Return the items of all sections."""
    return tuple(
        Item(number, name, asks, answer) for name, items in sections.items() for number, asks, answer in items
    )


@dataclass(frozen=True)
class Guideline:
    """A published list of items.

    Attributes:
        file: Name of the file that its checklist is written to.
        title: Title of the guideline.
        reference: Key of its reference.
        numbering: How its item numbers were verified.
        items: The items, in order.
    """

    file: str
    title: str
    reference: str
    numbering: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Checklist:
    """A guideline with the answers for one run."""

    guideline: Guideline
    answers: tuple[ItemAnswer, ...]

    @property
    def rows(self) -> tuple[tuple[Item, ItemAnswer], ...]:
        """Each item with its answer."""
        return tuple(zip(self.guideline.items, self.answers, strict=True))

    @property
    def tally(self) -> dict[Status, int]:
        """Number of items with each status."""
        found = Counter(answer.status for answer in self.answers)
        return {status: found[status] for status in STATUSES}


def fill_in(guideline: Guideline, facts: Facts) -> Checklist:
    """Answer every item of a guideline."""
    return Checklist(guideline, tuple(item.answered(facts) for item in guideline.items))


def filled(text: str, where: str = "") -> ItemAnswer:
    """Create an answer from the run."""
    return ItemAnswer("filled", text, where)


def author(wanted: str, known: str | None = None, where: str = "") -> ItemAnswer:
    """Leave an item to the author; what is known comes before what is wanted."""
    return ItemAnswer("author", f"{known or ''} {AUTHOR} {wanted}".strip(), where)


def not_done(text: str, where: str = "") -> ItemAnswer:
    """Create an answer that something was not done."""
    return ItemAnswer("not done", text, where)


def filled_or_author(text: str | None, wanted: str, where: str = "") -> ItemAnswer:
    """Answer from the run if the text is known, otherwise leave the item to the author."""
    return author(wanted) if text is None else filled(text, where)


def by_origin(*, synthetic: ItemAnswer, nih: ItemAnswer | None = None, others: ItemAnswer) -> Answering:
    """Return an answer that depends only on the source of the images."""

    def answer(facts: Facts) -> ItemAnswer:
        if facts.synthetic:
            return synthetic
        return nih if nih is not None and facts.of_nih else others

    return answer


def of_all_models(known: Callable[[Facts], str | None], wanted: str, where: str = "") -> Answering:
    """Return an answer from the run if every model is known; otherwise part of it is left to the author.

    Args:
        known: What is known about the models that were trained or fitted.
        wanted: What the author must write about models for which only predictions are known.
        where: Where the known facts are found.
    """

    def answer(facts: Facts) -> ItemAnswer:
        unknown = model.unknown(facts)
        said = joined(known(facts), model.published(facts))
        if said is None or unknown is not None:
            return author(wanted, joined(said, unknown), where if said else "")
        return filled(said, where)

    return answer


def joined(*sentences: str | None) -> str | None:
    """Join the sentences that are known; None if there are none."""
    return " ".join(sentence for sentence in sentences if sentence) or None
