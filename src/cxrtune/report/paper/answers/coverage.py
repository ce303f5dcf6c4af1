"""An answer that the run gives only where it knows every model that was evaluated."""

from __future__ import annotations

from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import ItemAnswer, author, filled, joined
from cxrtune.report.paper.sentences import model


def of_all_models(facts: Facts, known: str | None, wanted: str, where: str = "") -> ItemAnswer:
    """Answer from the run if no model is left of which only predictions are known, else leave the rest open.

    Args:
        facts: The facts.
        known: What is known of the models that were trained or fitted.
        wanted: What the author must write of the others.
        where: Where what is known stands.
    """
    published, unknown = model.published(facts), model.unknown(facts)
    said = joined(known, published)
    if said is None or unknown is not None:
        return author(wanted, joined(said, unknown), where if said else "")
    return filled(said, where)
