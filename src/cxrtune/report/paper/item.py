"""One item of a reporting guideline, and how it is answered: from the run, by the author, or not done."""

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
"""What stands before that which the author must write."""


@dataclass(frozen=True)
class ItemAnswer:
    """What is known for an item.

    Attributes:
        status: `filled`, all that the item asks for is stated, from what the report is made of; `author`, the
            author must write it, or the rest of it; `not done`, neither this program nor this run did it.
        text: The sentences.
        where: Where the numbers stand; empty where there are none.
    """

    status: Status
    text: str
    where: str = ""


Answering = Callable[[Facts], ItemAnswer]


@dataclass(frozen=True)
class Item:
    """One item: its published number and section, what it asks for in our words, what answers it."""

    number: str
    section: str
    asks: str
    answer: Answering | ItemAnswer | str
    """A function of the facts, or the answer whatever they are; a text is what only the author can write."""

    def answered(self, facts: Facts) -> ItemAnswer:
        """Return the answer of a run; citations in it name authors and years."""
        answer = author(self.answer) if isinstance(self.answer, str) else self.answer
        known = answer if isinstance(answer, ItemAnswer) else answer(facts)
        return replace(known, text=named(known.text))


ItemsBySection = Mapping[str, Sequence[tuple[str, str, Answering | ItemAnswer | str]]]
"""The number, the wish and the answer of each item, by the sections of a guideline."""


def items_by_section(sections: ItemsBySection) -> tuple[Item, ...]:
    """Return the items of all sections."""
    return tuple(
        Item(number, name, asks, answer) for name, items in sections.items() for number, asks, answer in items
    )


@dataclass(frozen=True)
class Guideline:
    """A published list of items.

    Attributes:
        file: The name of the file that its checklist is written to.
        title: Its name.
        reference: The key of its reference.
        numbering: How its item numbers were checked.
        items: The items, in their order.
    """

    file: str
    title: str
    reference: str
    numbering: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Checklist:
    """A guideline with the answers of one run."""

    guideline: Guideline
    answers: tuple[ItemAnswer, ...]

    @property
    def rows(self) -> tuple[tuple[Item, ItemAnswer], ...]:
        """Each item with its answer."""
        return tuple(zip(self.guideline.items, self.answers, strict=True))

    @property
    def tally(self) -> dict[Status, int]:
        """How many items have each status."""
        found = Counter(answer.status for answer in self.answers)
        return {status: found[status] for status in STATUSES}


def fill_in(guideline: Guideline, facts: Facts) -> Checklist:
    """Answer each item of a guideline."""
    return Checklist(guideline, tuple(item.answered(facts) for item in guideline.items))


def filled(text: str, where: str = "") -> ItemAnswer:
    """Answer from the run."""
    return ItemAnswer("filled", text, where)


def author(wanted: str, known: str | None = None, where: str = "") -> ItemAnswer:
    """Leave an item to the author; what is known stands before what is wanted."""
    return ItemAnswer("author", f"{known or ''} {AUTHOR} {wanted}".strip(), where)


def not_done(text: str, where: str = "") -> ItemAnswer:
    """Say that something was not done."""
    return ItemAnswer("not done", text, where)


def filled_or_author(text: str | None, wanted: str, where: str = "") -> ItemAnswer:
    """Answer from the run where it is known, else leave it to the author."""
    return author(wanted) if text is None else filled(text, where)


def by_origin(*, synthetic: ItemAnswer, nih: ItemAnswer | None = None, others: ItemAnswer) -> Answering:
    """Return the answer to an item that only depends on whose the images are."""

    def answer(facts: Facts) -> ItemAnswer:
        if facts.synthetic:
            return synthetic
        return nih if nih is not None and facts.of_nih else others

    return answer


def of_all_models(known: Callable[[Facts], str | None], wanted: str, where: str = "") -> Answering:
    """Return an answer from the run if every model is known, and else one that leaves the rest open.

    Args:
        known: What is known of the models that were trained or fitted.
        wanted: What the author must write of those of which only predictions are known.
        where: Where what is known stands.
    """

    def answer(facts: Facts) -> ItemAnswer:
        unknown = model.unknown(facts)
        said = joined(known(facts), model.published(facts))
        if said is None or unknown is not None:
            return author(wanted, joined(said, unknown), where if said else "")
        return filled(said, where)

    return answer


def joined(*sentences: str | None) -> str | None:
    """Join the sentences that are known; None where none is."""
    return " ".join(sentence for sentence in sentences if sentence) or None
