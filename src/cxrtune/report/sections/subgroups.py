"""The models in subgroups of images, and each group's gap to the largest group."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import Attribute, Group, GroupFinding, StoredResults
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS
from cxrtune.findings import spoken
from cxrtune.report.judged import part_named
from cxrtune.report.material import Material
from cxrtune.report.notation import DASH, count, counted, score, signed, signed_span
from cxrtune.report.table import Cell, Column, ColumnGroup, Row, Table, estimate, number

_TOO_SMALL = f"too small: fewer than {FEWEST_PATIENTS} patients with, or without, the finding"
_ALL_TOO_SMALL = (
    f"too small: no finding has {FEWEST_PATIENTS} patients with and {FEWEST_PATIENTS} without it here and in "
    "the largest group"
)


@dataclass(frozen=True)
class SubgroupsView:
    """The mean over findings for all models, and each finding for the first model."""

    means: Table
    findings: tuple[Table, ...]


def subgroups_view(material: Material) -> SubgroupsView | None:
    """Return the subgroups; None without any."""
    results = material.results
    if not results.attributes:
        return None
    return SubgroupsView(
        means=_means(results),
        findings=tuple(_findings(results, attribute) for attribute in results.attributes),
    )


def _means(results: StoredResults) -> Table:
    names = ("Macro AUROC", "Largest group", "Findings", "Gap", "Corrected")
    return Table(
        anchor="table-subgroups",
        caption=f"Mean AUROC by group, {part_named(results.split)}, and its gap to the largest group.",
        corner="Group",
        groups=(ColumnGroup("", 2), *(ColumnGroup(model.name, len(names)) for model in results.models)),
        columns=(
            Column("Images"),
            Column("Patients"),
            *(Column(name, starts_group=name == names[0]) for _ in results.models for name in names),
        ),
        bodies=tuple(
            tuple(_mean_row(results, attribute, group) for group in attribute.groups)
            for attribute in results.attributes
        ),
        remarks=(
            f"Both means are over the same findings, those of {FEWEST_PATIENTS} patients with and "
            f"{FEWEST_PATIENTS} without it both here and in the largest group; their number stands beside. "
            "The gap is the first less the second.",
            "With 95 % intervals. The corrected ones hold all gaps of a model together (Bonferroni): only a "
            "gap whose corrected interval leaves out 0 is more than the chance of looking at many.",
            *_gaps_found(results),
            "Groups are those that the cohort table tells: sex, age, view and visit, one at a time. Of race, "
            "ethnicity, site or equipment it tells nothing.",
        ),
    )


def _gaps_found(results: StoredResults) -> list[str]:
    """State for each model how many gaps are significant after correction."""
    told = []
    for model in results.models:
        gaps = [
            (f"{attribute.name}: {group.name}", interval)
            for attribute in results.attributes
            for group in attribute.groups
            if (interval := group.models[model.name].gap_interval_corrected) is not None
        ]
        beyond = [name for name, interval in gaps if not interval.low <= 0 <= interval.high]
        if gaps:
            named = f": {', '.join(beyond)}" if beyond else ""
            told.append(
                f"{model.name}: {len(beyond)} of {counted(len(gaps), 'gap')} after correction{named}."
            )
    return told


def _mean_row(results: StoredResults, attribute: Attribute, group: Group) -> Row:
    cells = [Cell(count(group.images)), Cell(count(group.patients))]
    for model in results.models:
        found = group.models[model.name]
        cells.append(estimate(found.macro_auroc, found.interval, score, _ALL_TOO_SMALL))
        if group.is_reference:
            cells += [Cell("largest"), Cell(count(found.over)), Cell(""), Cell("")]
            continue
        there = _reference_mean(attribute, group, model.name)
        cells += [number(there, score, _ALL_TOO_SMALL), Cell(count(found.over))]
        if found.gap is None:
            cells += [Cell(DASH, _ALL_TOO_SMALL)] * 2
        else:
            aside = None if found.gap_interval is None else signed_span(found.gap_interval)
            corrected = found.gap_interval_corrected
            cells += [
                Cell(signed(found.gap), aside=aside),
                Cell(DASH, _ALL_TOO_SMALL) if corrected is None else Cell(signed_span(corrected)),
            ]
    return Row(f"{attribute.name}: {group.name}", tuple(cells))


def _reference_mean(attribute: Attribute, group: Group, model: str) -> float | None:
    """Return the largest group's mean AUROC over the same findings as this group's mean."""
    largest = next(one for one in attribute.groups if one.is_reference).models[model].findings
    own = group.models[model].findings
    areas = [
        area
        for finding, found in own.items()
        if found.auroc is not None and (area := largest[finding].auroc) is not None
    ]
    return sum(areas) / len(areas) if areas else None


def _findings(results: StoredResults, attribute: Attribute) -> Table:
    first = results.models[0].name
    names = ("AUROC", "Sensitivity", "Specificity", "Positive")
    return Table(
        anchor=f"table-subgroups-{attribute.name.lower()}",
        caption=f"{attribute.name}, finding by finding: {first} at its thresholds.",
        corner="Finding",
        groups=tuple(ColumnGroup(group.name, len(names)) for group in attribute.groups),
        columns=tuple(
            Column(name, starts_group=name == names[0]) for _ in attribute.groups for name in names
        ),
        bodies=(
            tuple(
                Row(
                    spoken(finding),
                    tuple(
                        cell
                        for group in attribute.groups
                        for cell in _finding_cells(group.models[first].findings.get(finding))
                    ),
                )
                for finding in results.findings
            ),
        ),
        remarks=(f"{count(attribute.unknown)} images have no {attribute.name.lower()} and are in no group.",)
        if attribute.unknown
        else (),
    )


def _finding_cells(found: GroupFinding | None) -> tuple[Cell, ...]:
    if found is None:
        return (Cell(DASH, "not given by this model"),) * 4
    return (
        estimate(found.auroc, found.intervals.get("auroc"), score, _TOO_SMALL),
        estimate(found.sensitivity, found.intervals.get("sensitivity"), score, _TOO_SMALL),
        estimate(found.specificity, found.intervals.get("specificity"), score, _TOO_SMALL),
        Cell(count(found.positives)),
    )
