"""The files for a paper in the report's folder, and how many items the run filled in."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from cxrtune.report.lineage import all_tested
from cxrtune.report.material import Material
from cxrtune.report.notation import count
from cxrtune.report.paper.item import Checklist
from cxrtune.report.paper.write import FLOW_FILES, METHODS_FILE, WORD_FILE, paper_of
from cxrtune.report.table import Cell, Column, Row, Table


@dataclass(frozen=True)
class PaperFile:
    """A file next to the page, and a description of its contents."""

    name: str
    holds: str


@dataclass(frozen=True)
class ReportingView:
    """The counts, the files, the flow figure, and how each model was tested."""

    table: Table
    files: tuple[PaperFile, ...]
    figure: Markup | None
    tested: tuple[str, ...]


def reporting_view(material: Material) -> ReportingView:
    """Count the answers in each checklist, and list the files."""
    paper = paper_of(material)
    checklists = [
        PaperFile(one.guideline.file, f"the {one.guideline.title} checklist, item by item")
        for one in paper.checklists
    ]
    return ReportingView(
        table=Table(
            anchor="table-reporting",
            caption="Items of each checklist by who answers them.",
            corner="Checklist",
            columns=tuple(Column(name) for name in ("Items", "Filled", "Author", "Not done")),
            bodies=(tuple(_row(checklist) for checklist in paper.checklists),),
            remarks=(
                "Filled: all that the item asks for is stated, from the files that this page was made of. "
                "Author: the author must write it, or the rest of it. Not done: neither the software nor "
                "this run did it.",
            ),
        ),
        files=(
            *checklists,
            PaperFile(METHODS_FILE, "the methods in the past tense, with numbered references"),
            *(PaperFile(name, "the flow of images") for name in FLOW_FILES),
            PaperFile(WORD_FILE, "all of these as one Word document"),
        ),
        figure=material.figures.flow,
        tested=tuple(testing.sentence for testing in all_tested(material)),
    )


def _row(checklist: Checklist) -> Row:
    numbers = (len(checklist.answers), *checklist.tally.values())
    return Row(checklist.guideline.title, tuple(Cell(count(number)) for number in numbers))
