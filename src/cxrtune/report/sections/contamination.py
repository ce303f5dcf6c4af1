"""Results of models trained on evaluated images, on the images that they were not trained on."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import Comparison, OutsideResult, StoredResults
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted, score
from cxrtune.report.notes import verdict
from cxrtune.report.table import Cell, Column, Row, Table, estimate

_INSTEAD = (
    "TorchXRayVision's models that never saw NIH's images can be compared without this caution: "
    '`baselines: [linear-probe, "xrv:densenet121-res224-chex"]` in the recipe, or -pc, -mimic_nb, -mimic_ch.'
)
_NOT_DEFINED = "undefined: no positives or no negatives outside"


@dataclass(frozen=True)
class ContaminatedModel:
    """One such model: what is known about it, and the remaining images."""

    name: str
    sentences: tuple[str, ...]
    table: Table | None


@dataclass(frozen=True)
class ContaminationView:
    """All such models, and the recommended comparison, if known."""

    models: tuple[ContaminatedModel, ...]
    instead: str


def contamination_view(material: Material) -> ContaminationView | None:
    """Return results outside each model's training part; None if no model is known to have seen images."""
    results = material.results
    outside = {found.model: found for found in results.outside}
    shown = []
    for model in results.models:
        known = model.contamination
        if known is None:
            continue
        patients = counted(known.outside_patients, "patient")
        unknown = f" Of {counted(known.unknown, 'image')} it is not known." if known.unknown else ""
        sentences = [
            f"Of the {counted(model.images, 'image')} evaluated, {count(known.inside)} were in its "
            f"training part, {count(known.outside)} of {patients} were not.{unknown}",
            f"How that is known: {known.rule} ({known.source}).",
        ]
        found = outside.get(model.name)
        if found is not None:
            sentences += _verdicts(found)
        shown.append(
            ContaminatedModel(model.name, tuple(sentences), None if found is None else _table(results, found))
        )
    public = results.origin.images == "nih" and any(one.name.startswith("xrv:") for one in shown)
    return ContaminationView(tuple(shown), _INSTEAD if public else "") if shown else None


def _verdicts(found: OutsideResult) -> list[str]:
    return [
        verdict(
            Comparison(first=other, second=found.model, findings={}, macro=result),
            "On the images outside, mean AUROC",
            result,
        )
        for other, result in found.differences.items()
    ]


def _table(results: StoredResults, found: OutsideResult) -> Table:
    findings = [f for f in results.findings if any(f in given for given in found.findings.values())]
    place = [model.name for model in results.models].index(found.model) + 1
    rows = tuple(Row(spoken(finding), _cells(results, found, finding)) for finding in findings)
    means = tuple(
        estimate(area.auroc, area.intervals.get("auroc"), score, _NOT_DEFINED)
        for area in (found.macro[model.name] for model in results.models)
    )
    return Table(
        anchor=f"table-outside-{place}",
        caption=f"AUROC on the {counted(found.images, 'image')} of {counted(found.patients, 'patient')} "
        f"outside the training part of {found.model}.",
        corner="Finding",
        columns=(*(Column(model.name) for model in results.models), Column("Positive", starts_group=True)),
        bodies=(rows, (Row("Macro average", (*means, Cell(""))),)),
    )


def _cells(results: StoredResults, found: OutsideResult, finding: str) -> tuple[Cell, ...]:
    areas = [found.findings[model.name].get(finding) for model in results.models]
    cells = [
        Cell("\N{EN DASH}", "not given by this model")
        if area is None
        else estimate(area.auroc, area.intervals.get("auroc"), score, _NOT_DEFINED)
        for area in areas
    ]
    return (*cells, Cell(count(max(area.positives for area in areas if area is not None))))
