"""Write the files for a paper to the report's folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from cxrtune.report.material import Material
from cxrtune.report.paper.checklists import CLAIM, TRIPOD_AI
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.flow import flow_of
from cxrtune.report.paper.flow_figure import draw_flow
from cxrtune.report.paper.item import STATUSES, Checklist, fill_in
from cxrtune.report.paper.methods import Methods, write_methods
from cxrtune.report.paper.references import REFERENCES
from cxrtune.report.paper.word import write_word

GUIDELINES = (CLAIM, TRIPOD_AI)
METHODS_FILE = "methods.md"
WORD_FILE = "methods.docx"
FLOW_FILES = ("flow.svg", "flow.png")
FILES = (*(guideline.file for guideline in GUIDELINES), METHODS_FILE, WORD_FILE, *FLOW_FILES)
"""The file names in the report's folder."""

_CAPTION = (
    "Flow of images and patients; by finding, evaluated images with it, patients with it, and images without "
    "it."
)


@dataclass(frozen=True)
class Paper:
    """The contents of the files."""

    checklists: tuple[Checklist, ...]
    methods: Methods


def paper_of(material: Material) -> Paper:
    """Answer the checklists and write the methods."""
    facts = Facts(material)
    return Paper(tuple(fill_in(guideline, facts) for guideline in GUIDELINES), write_methods(facts))


def write_paper(material: Material, folder: Path) -> Paper:
    """Write the checklists, the methods and the flow figure to an existing folder."""
    paper = paper_of(material)
    for checklist in paper.checklists:
        _write(folder / checklist.guideline.file, checklist_markdown(checklist, material.title))
    _write(folder / METHODS_FILE, methods_markdown(paper.methods, material.title))
    _, image = draw_flow(flow_of(Facts(material)), folder)
    synthetic = " Synthetic images." if material.results.synthetic else ""
    write_word(
        folder / WORD_FILE, material.title, paper.methods, paper.checklists, image, f"{_CAPTION}{synthetic}"
    )
    return paper


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


# Only characters that would be markup in their place: methods are pasted, with `[1]` and underscores.
_MARKUP = re.compile(r"[\\*|]|<(?=[A-Za-z/!?])|(?<=\])\(|(?<!\w)_|_(?!\w)")
_MEANING = {
    "filled": "all that the item asks for is stated here, from the files that this report was made of",
    "author": "the author must write it, or what stands after `Author:`",
    "not done": "neither this software nor this run did it",
}


def checklist_markdown(checklist: Checklist, title: str) -> str:
    """Return a checklist as Markdown."""
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
    """Return the methods as Markdown."""
    lines = [f"# Methods: {plain(title)}"]
    for paragraph in methods.paragraphs:
        lines += ["", f"## {paragraph.heading}", "", plain(paragraph.text)]
    lines += ["", "## References", ""]
    lines += [f"{number}. {plain(one.line)}" for number, one in enumerate(methods.references, start=1)]
    return "\n".join([*lines, ""])


def plain(text: str) -> str:
    """Escape a text for Markdown, on one line; text in backticks remains code."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:
        return _MARKUP.sub(r"\\\g<0>", "\\`".join(parts))
    return "`".join(
        part.replace("|", "\\|") if place % 2 else _MARKUP.sub(r"\\\g<0>", part)
        for place, part in enumerate(parts)
    )
