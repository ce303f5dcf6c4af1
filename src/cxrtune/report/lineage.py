"""Which stages stand behind the judged images and behind each model, as the records prove by their hashes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cxrtune.evaluation.folder import PREDICTIONS_OF
from cxrtune.provenance import Record, Source
from cxrtune.report.material import Material

IMAGES = "images"
"""What the record of a cohort calls the listing of its image folder."""


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
