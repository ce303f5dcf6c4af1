"""Trace models and tables to their sources by the hashes in provenance records.

This determines which images thresholds were chosen on, and whether a model was tested internally or
externally, as defined by CLAIM 2024. Internal: the evaluated images come from the same source as the model's
training images. External: they do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cxrtune.evaluation.folder import PREDICTIONS_OF
from cxrtune.evaluation.results import Contamination, ModelResult, StoredResults
from cxrtune.provenance import Record, Source
from cxrtune.report.judged import judged_size, part_named, patients_in_two_parts, synthetic
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted

IMAGES = "images"
"""Name of the image folder's listing in the record of a cohort."""
PROBE = "linear-probe"
"""Name of the stage that fits and applies the linear probe."""
Kind = Literal["internal", "external", "unknown"]
_NOTICE = "SYNTHETIC.txt"


@dataclass(frozen=True)
class Lineage:
    """Provenance records that belong together; records that are missing or unrelated are omitted.

    Attributes:
        evaluation: Record of the evaluation.
        cohort: Record of the evaluated cohort.
        pack: Record of that cohort's decoded images.
        tables: By model, the record of the stage that wrote its table of predictions.
        trainings: By model, the record of its training, on any cohort.
        training_cohorts: By model, the record of the cohort that it was trained on.
    """

    evaluation: Record | None
    cohort: Record | None
    pack: Record | None
    tables: dict[str, Record]
    trainings: dict[str, Record]
    training_cohorts: dict[str, Record]


def lineage_of(material: Material) -> Lineage:
    """Connect the records of a report by the hashes of their inputs and outputs."""
    records = material.records
    evaluation = next((record for record in records if record.stage == "evaluate"), None)
    if evaluation is None:
        return Lineage(None, None, None, {}, {}, {})
    judged = read_by(evaluation, "cohort")
    tables = {
        source.name.removeprefix(PREDICTIONS_OF): record
        for source in evaluation.inputs
        if source.name.startswith(PREDICTIONS_OF) and (record := _writer(records, source.sha256)) is not None
    }
    trainings = {
        name: record
        for name, table in tables.items()
        if (record := _writer(records, read_by(table, "model"), "train")) is not None
    }
    return Lineage(
        evaluation=evaluation,
        cohort=_writer(records, judged, "cohort"),
        pack=next((one for one in records if one.stage == "pack" and read_by(one, "cohort") == judged), None),
        tables=tables,
        trainings=trainings,
        training_cohorts={
            name: record
            for name, training in trainings.items()
            if (record := _writer(records, read_by(training, "cohort"), "cohort")) is not None
        },
    )


def read_by(record: Record, name: str) -> str | None:
    """Return the SHA-256 of the input that a stage read under a name, if any."""
    return next((source.sha256 for source in record.inputs if source.name == name), None)


def label_tables(cohort: Record) -> Iterator[Source]:
    """Return the files that a cohort's labels were read from."""
    return (source for source in cohort.inputs if ".csv" in source.path.lower())


def _writer(records: tuple[Record, ...], sha256: str | None, stage: str | None = None) -> Record | None:
    if sha256 is None:
        return None
    return next(
        (
            record
            for record in records
            if stage in (None, record.stage) and any(output.sha256 == sha256 for output in record.outputs)
        ),
        None,
    )


def trained_here(material: Material) -> frozenset[str]:
    """Return the models that were trained on this cohort, as verified by the hashes in records.

    A run folder next to tables of other models does not attribute those tables to the run: each table must
    have been written by the run's model, or by the linear probe, from the evaluated cohort.
    """
    lineage = lineage_of(material)
    if lineage.evaluation is None:
        return frozenset()
    judged = read_by(lineage.evaluation, "cohort")
    probes = {name: table for name, table in lineage.tables.items() if table.stage == PROBE}
    fitted = lineage.trainings | probes
    return frozenset(name for name, record in fitted.items() if read_by(record, "cohort") == judged)


def chosen_sentence(material: Material, model: ModelResult, source: str) -> str:
    """Return on which images thresholds or calibration were chosen, and which of those are also evaluated.

    Args:
        material: Material of the report.
        model: Result of the model.
        source: `model`, `user`, `validation` or `none`, as in `ChosenOn`.
    """
    basis = model.chosen
    if basis is None:
        return "On which images is not recorded."
    chose = f"{counted(basis.validation_images, 'image')} of the cohort's validation part"
    if source == "validation":
        said = f"Chosen here on {chose}"
    elif source == "model" and model.name in trained_here(material):
        said = f"Stored in the model, which chose on {chose}"
    elif source == "user":
        return "On which images they were chosen is not known to this report."
    elif source == "model":
        return "Brought by the model; on which images they were chosen is not known to this report."
    else:
        return f"{model.threshold_rule[:1].upper()}{model.threshold_rule[1:]}."
    if basis.judged:
        also = "all" if basis.judged == basis.validation_images else count(basis.judged)
        return f"{said}; {also} of these are judged here too, where what they give is too good."
    return f"{said}; none of these is judged here.{_shared_patients(material.results)}"


def _shared_patients(results: StoredResults) -> str:
    if not results.patients_in_two_parts:
        return ""
    return f" But {patients_in_two_parts(results)}, so these images are not independent of them."


@dataclass(frozen=True)
class HowTested:
    """How one model was tested, with a sentence about it."""

    kind: Kind
    sentence: str


def how_tested(material: Material, model: ModelResult) -> HowTested:
    """Return how a model was tested."""
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
    """Return how every model was tested."""
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
    # The notice of synthetic images has the same bytes in all synthetic data sets.
    names = {source.name for source in cohort.inputs} - {_NOTICE}
    return {sha256 for name in names if (sha256 := read_by(cohort, name)) is not None}
