"""The models compared with labels from another source."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.evaluation.results import SecondTruth
from cxrtune.findings import spoken
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted, listed, score
from cxrtune.report.table import Cell, Column, Row, Table, estimate

_NOT_DEFINED = "undefined: no positives or no negatives"


@dataclass(frozen=True)
class OtherTruth:
    """One set of labels: a description, and one table per finding."""

    sentences: tuple[str, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class SecondTruthView:
    """All sets of labels."""

    truths: tuple[OtherTruth, ...]


def second_truth_view(material: Material) -> SecondTruthView | None:
    """Return results for other labels of the same images; None without any."""
    truths = material.results.second_truths
    return SecondTruthView(tuple(_truth(truth) for truth in truths)) if truths else None


def _truth(truth: SecondTruth) -> OtherTruth:
    tables = []
    for name, found in truth.findings.items():
        score_of = listed([spoken(finding) for finding in found.ours])
        tables.append(
            Table(
                anchor=f"table-truth-{name.lower().replace(' ', '-')}",
                caption=f"{name}: AUROC against {truth.name.lower()}.",
                corner="Model",
                columns=(Column("AUROC"), Column("Positive"), Column("Negative")),
                bodies=(
                    tuple(
                        Row(
                            model,
                            (
                                estimate(area.auroc, area.intervals.get("auroc"), score, _NOT_DEFINED),
                                Cell(count(area.positives)),
                                Cell(count(area.negatives)),
                            ),
                        )
                        for model, area in found.models.items()
                    ),
                ),
                remarks=(f"Score: the highest of the model's scores of {score_of}.",)
                if len(found.ours) > 1
                else (f"Score: the model's score of {score_of}.",),
            )
        )
    return OtherTruth(
        sentences=(
            f"{truth.name} exist for {counted(truth.images, 'image')} of "
            f"{counted(truth.patients, 'patient')} of the evaluated ones ({truth.source}).",
            f"Label file: {truth.file}, SHA-256 {truth.sha256}.",
        ),
        tables=tuple(tables),
    )
