"""Where models and tables come from, as records prove by their hashes, and what chose thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cxrtune.evaluation.folder import PREDICTIONS_OF
from cxrtune.evaluation.results import ModelResult, StoredResults
from cxrtune.provenance import Record, Source
from cxrtune.report.judged import patients_in_two_parts
from cxrtune.report.material import Material
from cxrtune.report.notation import count, counted

IMAGES = "images"
"""What the record of a cohort calls the listing of its image folder."""
_PROBE = "linear-probe"


@dataclass(frozen=True)
class Lineage:
    """The records that belong together; one that is not here, or belongs to something else, is absent.

    Attributes:
        evaluation: Of the evaluation.
        cohort: Of the cohort that was judged.
        pack: Of that cohort's decoded images.
        tables: By model, of the stage that wrote its table of predictions.
        trainings: By model, of its training, whatever the cohort.
        training_cohorts: By model, of the cohort that it was trained on.
    """

    evaluation: Record | None
    cohort: Record | None
    pack: Record | None
    tables: dict[str, Record]
    trainings: dict[str, Record]
    training_cohorts: dict[str, Record]


def lineage_of(material: Material) -> Lineage:
    """Put the records of a report together by the hashes of what they read and wrote."""
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
    """Return the SHA-256 of what a stage read under a name, if it did."""
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
    """Return the models that were trained on this cohort, as the records prove by their hashes.

    A run folder beside tables of other models does not make those the run's: each table must have been
    written by the run's model, or by the linear probe, from the cohort that is evaluated.
    """
    evaluation = next((record for record in material.records if record.stage == "evaluate"), None)
    if evaluation is None:
        return frozenset()
    cohort = _input(evaluation, "cohort")
    models = {
        output.sha256
        for record in material.records
        if record.stage == "train" and _input(record, "cohort") == cohort
        for output in record.outputs
    }
    tables = {
        output.sha256
        for record in material.records
        if (record.stage == "predict" and _input(record, "model") in models)
        or (record.stage == _PROBE and _input(record, "cohort") == cohort)
        for output in record.outputs
    }
    return frozenset(
        source.name.removeprefix(PREDICTIONS_OF)
        for source in evaluation.inputs
        if source.name.startswith(PREDICTIONS_OF) and source.sha256 in tables
    )


def _input(record: Record, name: str) -> str | None:
    return next((source.sha256 for source in record.inputs if source.name == name), None)


def chosen_sentence(material: Material, model: ModelResult, source: str) -> str:
    """Say on which images a model's thresholds, or its calibration, were chosen, and which are judged too.

    Args:
        material: The report's.
        model: The model.
        source: `model`, `user`, `validation` or `none`, as `ChosenOn` has it.
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
