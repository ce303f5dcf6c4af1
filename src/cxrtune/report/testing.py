"""Whether a model was tested internally or externally, in CLAIM 2024's words, as far as records prove it.

Internal: the judged images come from where the model's training images come from. External: they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxrtune.evaluation.results import Contamination, ModelResult
from cxrtune.provenance import Record
from cxrtune.report.judged import judged_size, part_named, synthetic
from cxrtune.report.lineage import Lineage, lineage_of, read_by, trained_here
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted

Kind = Literal["internal", "external", "unknown"]
_NOTICE = "SYNTHETIC.txt"


@dataclass(frozen=True)
class HowTested:
    """How one model was tested, and the sentence that says so."""

    kind: Kind
    sentence: str


def how_tested(material: Material, model: ModelResult) -> HowTested:
    """Say how a model was tested."""
    results, name = material.results, model.name
    size = f"the {judged_size(results)} of {part_named(results.split)}"
    if name in trained_here(material):
        seen = results.judged.get("train", 0)
        caution = f"; {counted(seen, 'image')} of these trained it" if seen else ""
        return HowTested(
            "internal",
            f"Internal testing of {name}: trained on this cohort, tested on {size}{caution}.",
        )
    if model.contamination is not None:
        return HowTested("internal", _partly_seen(name, model.contamination, size))
    lineage = lineage_of(material)
    if name not in lineage.trainings:
        return HowTested(
            "unknown",
            f"Whether this is internal or external testing of {name} is not known: its training images are "
            "not.",
        )
    return _of_another_cohort(lineage, name, f"{synthetic(results)}data", size)


def all_tested(material: Material) -> tuple[HowTested, ...]:
    """Say it of every model."""
    return tuple(how_tested(material, model) for model in material.results.models)


def _partly_seen(name: str, known: Contamination, size: str) -> str:
    said = f"{count(known.inside)} were in its training data"
    if known.unknown:
        said += f", and of {count(known.unknown)} it is not known"
    return f"Internal testing of {name} on {size}: by {known.rule}, {said}."


def _of_another_cohort(lineage: Lineage, name: str, data: str, size: str) -> HowTested:
    ours, theirs = lineage.cohort, lineage.training_cohorts.get(name)
    if ours is None or theirs is None:
        return HowTested(
            "unknown",
            f"{name} was trained on another cohort than the judged one; whether its {data} came from "
            "elsewhere is not recorded.",
        )
    if _sources(ours) & _sources(theirs):
        return HowTested(
            "internal",
            f"Internal testing of {name}: it was trained on another cohort of the same files, and tested on "
            f"{size}; which of these trained it is not recorded.",
        )
    return HowTested(
        "external",
        f"External testing of {name}: tested on {size}, of another cohort than the one that it was trained "
        "on; the two have no label table and no image folder in common.",
    )


def _sources(cohort: Record) -> set[str]:
    # The notice says that images are synthetic, in the same bytes for all of them.
    names = {source.name for source in cohort.inputs} - {_NOTICE}
    return {sha256 for name in names if (sha256 := read_by(cohort, name)) is not None}
