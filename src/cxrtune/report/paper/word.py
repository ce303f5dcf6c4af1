"""Write methods, flow figure and checklists to a Word document with reproducible bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.section import WD_ORIENT
from docx.shared import Cm, Pt

from cxrtune.report.figures.style import shortened
from cxrtune.report.paper.item import Checklist
from cxrtune.report.paper.methods import Methods
from cxrtune.report.paper.references import REFERENCES

# Dates in the file would make documents with the same contents differ; ZIP has no dates before 1980.
_ALWAYS = datetime(1980, 1, 1, tzinfo=UTC)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_WIDTHS = (1.3, 4.6, 1.7, 13.2, 4.2)
_HEADS = ("Item", "Asks for", "Status", "Answer", "Where")
_LONGEST_TITLE = 255  # of the format
_ENTRY_MODE = 0o644 << 16


def write_word(
    path: Path, title: str, methods: Methods, checklists: Sequence[Checklist], flow: Path, caption: str
) -> None:
    """Write the document.

    Args:
        path: Path of the file.
        title: Title of the document.
        methods: The methods with their references.
        checklists: The checklists.
        flow: The flow figure, as PNG.
        caption: Caption of the flow figure.
    """
    document = Document()
    _describe(document, title)
    document.add_heading(f"Methods: {_fit(title)}", level=1)
    for paragraph in methods.paragraphs:
        document.add_heading(paragraph.heading, level=2)
        document.add_paragraph(_fit(paragraph.text))
    document.add_heading("References", level=2)
    for number, reference in enumerate(methods.references, start=1):
        document.add_paragraph(f"{number}. {reference.line}")
    document.add_heading("Flow of images", level=2)
    document.add_picture(str(flow), width=Cm(12))
    document.add_paragraph(caption)
    _turn(document)
    for checklist in checklists:
        _add_checklist(document, checklist)
    path.write_bytes(_without_dates(document))


def _describe(document: DocxDocument, title: str) -> None:
    properties = document.core_properties
    properties.title, properties.author = _fit(shortened(title, _LONGEST_TITLE)), ""
    properties.comments = "Written by cxrtune"
    properties.created = properties.modified = _ALWAYS
    properties.last_modified_by, properties.revision = "", 1
    document.styles["Normal"].font.size = Pt(10)


def _turn(document: DocxDocument) -> None:
    """Begin a section with landscape pages, for tables of five columns."""
    section = document.add_section()
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21)
    section.left_margin = section.right_margin = Cm(2)


def _add_checklist(document: DocxDocument, checklist: Checklist) -> None:
    guideline, tally = checklist.guideline, checklist.tally
    document.add_heading(f"{guideline.title} checklist", level=1)
    document.add_paragraph(REFERENCES[guideline.reference].line)
    document.add_paragraph(guideline.numbering)
    document.add_paragraph("; ".join(f"{status}: {number} items" for status, number in tally.items()))
    table = document.add_table(rows=1 + len(checklist.rows), cols=len(_HEADS), style="Table Grid")
    table.autofit = False
    rows = [_HEADS, *((i.number, i.asks, a.status, _fit(a.text), a.where) for i, a in checklist.rows)]
    # One look-up per row: python-docx walks the whole table for each cell that is accessed by position.
    for place, (row, texts) in enumerate(zip(table.rows, rows, strict=True)):
        for cell, text, width in zip(row.cells, texts, _WIDTHS, strict=True):
            cell.width = Cm(width)
            run = cell.paragraphs[0].add_run(text)
            run.font.size, run.bold = Pt(8), place == 0


def _fit(text: str) -> str:
    """Return a text that XML can represent, without Markdown's backticks."""
    return "".join(one if one.isprintable() else " " for one in text).replace("`", "")


def _without_dates(document: DocxDocument) -> bytes:
    dated, undated = io.BytesIO(), io.BytesIO()
    document.save(dated)
    with zipfile.ZipFile(dated) as source, zipfile.ZipFile(undated, "w") as target:
        for entry in source.infolist():
            copy = zipfile.ZipInfo(entry.filename, _ZIP_DATE)
            copy.compress_type, copy.external_attr, copy.create_system = zipfile.ZIP_DEFLATED, _ENTRY_MODE, 3
            target.writestr(copy, source.read(entry))
    return undated.getvalue()
