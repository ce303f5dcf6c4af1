"""What the models were judged by, and who made it."""

from __future__ import annotations

from cxrtune.report.paper.facts import Facts

_UNCERTAIN = {"positive": "present", "negative": "absent", "unknown": "unknown, and left out"}


def defined(facts: Facts) -> str | None:
    """Say how the reference standard was made; None where it is not recorded."""
    match facts.results.origin.labels:
        case "synthetic":
            return "The reference standard is what the program drew; it is exact."
        case "nih":
            return (
                "The reference standard is NIH ChestX-ray14's labels, which a program mined from the "
                "radiology reports [@wang2017]; some are wrong."
            )
        case _:
            return None


def described(facts: Facts) -> str | None:
    """Say what a map tells of the labels; None where there is no map."""
    origin = facts.results.origin
    if origin.labels != "map":
        return None
    source = f" of {origin.labels_named}" if origin.labels_named else ""
    return (
        f"The reference standard is the labels{source}, as the label table gives them; uncertain ones count "
        f"as {_UNCERTAIN[origin.uncertain or 'unknown']}."
    )


def joined(facts: Facts) -> str | None:
    """Say how several readings of an image were joined; None where the record tells of none."""
    if facts.map is None or facts.lineage.cohort is None:
        return None
    notes = [note for note in facts.lineage.cohort.notes if "majority of the readers" in note]
    return f"{notes[0].rstrip('.')}." if notes else None
