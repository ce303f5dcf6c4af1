"""The cohort: numbers of images, patients and positives in each part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxrtune.evaluation.results import SplitCount, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.lineage import label_tables, trained_here
from cxrtune.report.material import Material
from cxrtune.report.notation import count, percent
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import joined
from cxrtune.report.paper.references import named
from cxrtune.report.paper.sentences import data
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, number

_UNKNOWN = "not known"
_SEXES = {"F": "Female", "M": "Male"}
_PART_NAMES = {"train": "Training", "validation": "Tuning (validation)", "test": "Test"}


@dataclass(frozen=True)
class CohortView:
    """The tables of the cohort, and descriptions of the excluded images and the labels.

    `flow` and `labels` are empty if there is no record.
    """

    flow: str
    labels: str
    table: Table
    shift: Table | None


def cohort_view(material: Material) -> CohortView:
    """Count images, patients and positives in each part."""
    results, facts = material.results, Facts(material)
    parts = results.cohort
    partial = any(finding.known != part.images for part in parts for finding in part.findings.values())
    names = ["Number", "%", *(["Known"] if partial else [])]
    basis = "the images whose label is known" if partial else "the images"
    return CohortView(
        flow=joined(data.exclusions(facts), data.selection(facts)) or "",
        labels=_labels(facts),
        shift=_shift(results, trained=bool(trained_here(material))) if results.shift else None,
        table=Table(
            anchor="table-cohort",
            caption="Images, patients and positives by finding in each part of the cohort.",
            corner="Finding",
            groups=tuple(ColumnGroup(_PART_NAMES.get(part.split, part.split), len(names)) for part in parts),
            columns=tuple(Column(name, starts_group=name == names[0]) for _ in parts for name in names),
            bodies=(
                (
                    Row("Images", _sizes([part.images for part in parts], len(names))),
                    Row("Patients", _sizes([part.patients for part in parts], len(names))),
                ),
                tuple(_finding_row(parts, finding, partial) for finding in results.findings),
            ),
            remarks=(
                f"By finding: positives, and their share of {basis}. An image may have several findings.",
            ),
        ),
    )


def _labels(facts: Facts) -> str:
    cohort = facts.lineage.cohort
    files = [] if cohort is None else list(label_tables(cohort))
    standard = data.labels_defined(facts) or data.labels_described(facts)
    hashed = f"Labels: {Path(files[0].path).name}, SHA-256 {files[0].sha256}." if files else None
    return named(joined(standard, hashed) or "")


def _shift(results: StoredResults, *, trained: bool) -> Table:
    parts = results.shift
    views = sorted({view for part in parts for view in part.views})
    sexes = sorted({sex for part in parts for sex in part.sexes})
    rows = [
        Row("Median age, years", tuple(number(part.median_age, "{:.0f}".format, _UNKNOWN) for part in parts))
    ]
    rows += [Row(_SEXES.get(sex, sex), tuple(_share(part.sexes.get(sex)) for part in parts)) for sex in sexes]
    rows += [Row(f"View {view}", tuple(_share(part.views.get(view)) for part in parts)) for view in views]
    return Table(
        anchor="table-shift",
        caption="What the parts are like, in per cent of the images.",
        corner="",
        columns=tuple(Column(_PART_NAMES.get(part.split, part.split)) for part in parts),
        bodies=(tuple(rows),),
        remarks=("Where the parts differ, a model trained here meets other patients than it learned from.",)
        if trained
        else (),
    )


def _share(value: float | None) -> Cell:
    return Cell(f"{100 * value:.1f}") if value is not None else Cell("0.0")


def _sizes(sizes: list[int], columns: int) -> tuple[Cell, ...]:
    return tuple(cell for size in sizes for cell in (Cell(count(size)), *[Cell("")] * (columns - 1)))


def _finding_row(parts: list[SplitCount], finding: str, partial: bool) -> Row:
    cells: list[Cell] = []
    for part in parts:
        found = part.findings.get(finding)
        positives, known = (found.positives, found.known) if found is not None else (0, 0)
        cells += [Cell(count(positives)), Cell(percent(positives, known))]
        cells += [Cell(count(known))] if partial else []
    return Row(spoken(finding), tuple(cells))
