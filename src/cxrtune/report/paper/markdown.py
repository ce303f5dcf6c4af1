"""Checklists and methods as Markdown."""

from __future__ import annotations

import re
from itertools import groupby

from cxrtune.report.paper.item import STATUSES, Checklist
from cxrtune.report.paper.methods import Methods
from cxrtune.report.paper.references import REFERENCES

# Only what would be markup where it stands: methods are pasted, with `[1]` and names with underscores.
_MARKUP = re.compile(r"[\\*|]|<(?=[A-Za-z/!?])|(?<=\])\(|(?<!\w)_|_(?!\w)")
_MEANING = {
    "filled": "all that the item asks for is stated here, from the files that this report was made of",
    "author": "the author must write it, or what stands after `Author:`",
    "not done": "neither this software nor this run did it",
}


def checklist_markdown(checklist: Checklist, title: str) -> str:
    """Return a checklist as a Markdown text."""
    guideline, tally = checklist.guideline, checklist.tally
    lines = [
        f"# {guideline.title} checklist: {plain(title)}",
        "",
        plain(REFERENCES[guideline.reference].line),
        "",
        guideline.numbering,
        "",
        *(f"- **{status}** ({tally[status]} items): {_MEANING[status]}." for status in STATUSES),
    ]
    for section, rows in groupby(checklist.rows, lambda row: row[0].section):
        lines += [
            "",
            f"## {section}",
            "",
            "| Item | Asks for | Status | Answer | Where |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {item.number} | {plain(item.asks)} | {answer.status} | {plain(answer.text)} | "
            f"{plain(answer.where)} |"
            for item, answer in rows
        ]
    return "\n".join([*lines, ""])


def methods_markdown(methods: Methods, title: str) -> str:
    """Return the methods as a Markdown text."""
    lines = [f"# Methods: {plain(title)}"]
    for paragraph in methods.paragraphs:
        lines += ["", f"## {paragraph.heading}", "", plain(paragraph.text)]
    lines += ["", "## References", ""]
    lines += [f"{number}. {plain(one.line)}" for number, one in enumerate(methods.references, start=1)]
    return "\n".join([*lines, ""])


def plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line; what stands in backticks stays code."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:
        return _MARKUP.sub(r"\\\g<0>", "\\`".join(parts))
    return "`".join(
        part.replace("|", "\\|") if place % 2 else _MARKUP.sub(r"\\\g<0>", part)
        for place, part in enumerate(parts)
    )
