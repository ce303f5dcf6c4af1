"""Who the images come from: images, patients and positives in each part."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import SplitCount
from cxrtune.findings import spoken
from cxrtune.provenance import Record
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted, percent
from cxrtune.report.table import Cell, Column, Group, Row, Table

_PART_NAMES = {"train": "Training", "validation": "Validation", "test": "Test"}


@dataclass(frozen=True)
class CohortView:
    """The cohort's table, and in words which images are not in it; `flow` is empty where no record tells."""

    flow: str
    table: Table


def cohort_view(material: Material) -> CohortView:
    """Count images, patients and positives, part by part."""
    results = material.results
    parts = results.cohort
    partial = any(finding.known != part.images for part in parts for finding in part.findings.values())
    names = ["Number", "%", *(["Known"] if partial else [])]
    basis = "the images whose label is known" if partial else "the images"
    return CohortView(
        flow=_flow(material.records),
        table=Table(
            anchor="table-cohort",
            caption="Images, patients and positives by finding in each part of the cohort.",
            corner="Finding",
            groups=tuple(Group(_PART_NAMES.get(part.split, part.split), len(names)) for part in parts),
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


def _flow(records: tuple[Record, ...]) -> str:
    counts = {record.stage: record.counts for record in records}
    if "cohort" not in counts:
        return ""
    cohort, unreadable = counts["cohort"], counts.get("pack", {}).get("unreadable", 0)
    return (
        f"Of {counted(cohort['in_table'], 'image')} in the label table, "
        f"{count(cohort['excluded_by_protocol'])} were excluded by the protocol and "
        f"{count(cohort['not_on_disk'])} were not on disk: {count(cohort['kept'])} are in the cohort, "
        f"of which {count(unreadable)} could not be read."
    )


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
