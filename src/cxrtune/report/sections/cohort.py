"""Who the images come from: images, patients and positives in each part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxrtune.evaluation.results import Results, SplitCount
from cxrtune.findings import spoken
from cxrtune.provenance import Record
from cxrtune.report.chosen import trained_here
from cxrtune.report.judged import part_named
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted, listed, percent
from cxrtune.report.table import Cell, Column, Group, Row, Table, number

_UNKNOWN = "not known"
_SEXES = {"F": "Female", "M": "Male"}
_PART_NAMES = {"train": "Training", "validation": "Validation", "test": "Test"}


@dataclass(frozen=True)
class CohortView:
    """The cohort's tables, and in words which images are not in it and what labelled them.

    `flow` and `labels` are empty where no record tells.
    """

    flow: str
    labels: str
    table: Table
    shift: Table | None


def cohort_view(material: Material) -> CohortView:
    """Count images, patients and positives, part by part."""
    results = material.results
    parts = results.cohort
    partial = any(finding.known != part.images for part in parts for finding in part.findings.values())
    names = ["Number", "%", *(["Known"] if partial else [])]
    basis = "the images whose label is known" if partial else "the images"
    return CohortView(
        flow=f"{_flow(material.records)} {_judged(results)}".strip(),
        labels=_labels(material.records),
        shift=_shift(results, trained=bool(trained_here(material))) if results.shift else None,
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
    if "in_table" not in counts.get("cohort", {}):
        return ""
    by_map = any("map" in record.settings for record in records)
    cohort, unreadable = counts["cohort"], counts.get("pack", {}).get("unreadable", 0)
    return (
        f"Of {counted(cohort['in_table'], 'image')} in the label table, "
        f"{count(cohort['excluded_by_protocol'])} were excluded by the {'map' if by_map else 'protocol'} and "
        f"{count(cohort['not_on_disk'])} were not on disk: {count(cohort['kept'])} are in the cohort, "
        f"of which {count(unreadable)} could not be read."
    )


def _judged(results: Results) -> str:
    if results.shared_images is None:
        return ""
    lost = [
        f"{count(model.not_scored)} have no score of {model.name}"
        for model in results.models
        if model.not_scored
    ]
    models = "every model" if len(results.models) > 1 else "the model"
    reasons = f" ({listed(lost)})" if lost else ""
    return (
        f"Of the {counted(results.images, 'image')} in {part_named(results.split)}, "
        f"{count(results.shared_images)} were scored by {models}{reasons}: scores are judged on these."
    )


def _labels(records: tuple[Record, ...]) -> str:
    cohort = next((record for record in records if record.stage == "cohort"), None)
    tables = [] if cohort is None else [source for source in cohort.inputs if "csv" in source.path.lower()]
    if not tables:
        return ""
    return f"Labels: {Path(tables[0].path).name}, SHA-256 {tables[0].sha256}."


def _shift(results: Results, *, trained: bool) -> Table:
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
