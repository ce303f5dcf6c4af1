"""Writes what an author needs for a paper into the report's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxrtune.report.material import Material
from cxrtune.report.paper.claim import CLAIM
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.flow import flow_of
from cxrtune.report.paper.flow_figure import draw_flow
from cxrtune.report.paper.item import Checklist, fill_in
from cxrtune.report.paper.markdown import checklist_markdown, methods_markdown
from cxrtune.report.paper.methods import Methods, write_methods
from cxrtune.report.paper.tripod_ai import TRIPOD_AI
from cxrtune.report.paper.word import write_word

GUIDELINES = (CLAIM, TRIPOD_AI)
METHODS_FILE = "methods.md"
WORD_FILE = "methods.docx"
FLOW_FILES = ("flow.svg", "flow.png")
FILES = (*(guideline.file for guideline in GUIDELINES), METHODS_FILE, WORD_FILE, *FLOW_FILES)
"""The files, by their names in the report's folder."""

_CAPTION = (
    "Flow of images and patients; by finding, evaluated images with it, patients with it, and images without "
    "it."
)


@dataclass(frozen=True)
class Paper:
    """What stands in the files."""

    checklists: tuple[Checklist, ...]
    methods: Methods


def paper_of(material: Material) -> Paper:
    """Answer the checklists and write the methods."""
    facts = Facts(material)
    return Paper(tuple(fill_in(guideline, facts) for guideline in GUIDELINES), write_methods(facts))


def write_paper(material: Material, folder: Path) -> Paper:
    """Write the checklists, the methods and the flow figure into a folder that is there."""
    paper = paper_of(material)
    for checklist in paper.checklists:
        _write(folder / checklist.guideline.file, checklist_markdown(checklist, material.title))
    _write(folder / METHODS_FILE, methods_markdown(paper.methods, material.title))
    _, picture = draw_flow(flow_of(Facts(material)), folder)
    synthetic = " Synthetic images." if material.results.synthetic else ""
    write_word(
        folder / WORD_FILE, material.title, paper.methods, paper.checklists, picture, f"{_CAPTION}{synthetic}"
    )
    return paper


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
