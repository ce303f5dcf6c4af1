"""Conversion of a caller's cohort to the input of stages: files, and the record of how they were made."""

from __future__ import annotations

from pathlib import Path

from cxrtune.api.cohort import Cohort
from cxrtune.errors import DataError, UsageError
from cxrtune.experiment.cohort import GivenCohort
from cxrtune.experiment.run import COHORT
from cxrtune.provenance import read_record, record_path


def given_cohort(cohort: Cohort, place: Path) -> GivenCohort:
    """Return a cohort as input of a stage; a table made in this process is stored with its record.

    Args:
        cohort: The cohort.
        place: A run folder.

    Raises:
        UsageError: The folder of the images is not known.
    """
    require_cohort(cohort)
    if cohort.images is None:
        raise UsageError(
            "the folder of this cohort's images is not known",
            remedy="Name it with `images`: Cohort.read(file, images=folder).",
        )
    file = table_file(cohort)
    if file.name == COHORT and file.resolve() != (place / COHORT).resolve():
        target = place / COHORT
        if not target.is_file() or target.read_bytes() != file.read_bytes():
            record_path(target).unlink(missing_ok=True)
            cohort.save(target)
        return GivenCohort(target, cohort.images)
    return GivenCohort(file, cohort.images)


def table_file(cohort: Cohort) -> Path:
    """Return the file of a cohort's table.

    Raises:
        DataError: The file was moved or deleted.
    """
    file = cohort._file
    if not file.is_file():
        raise DataError(
            "the cohort's table was moved or deleted", path=file, remedy="Read it at its new place."
        )
    return file


def protocol_of(cohort: Cohort) -> str | None:
    """Return the protocol that an NIH cohort was made by; None for others."""
    record = record_path(cohort._file)
    found = read_record(record).settings.get("protocol") if record.is_file() else None
    return None if found is None else str(found)


def require_cohort(cohort: object) -> None:
    """Refuse an object that is not a cohort.

    Raises:
        UsageError: The object has another type.
    """
    if not isinstance(cohort, Cohort):
        raise UsageError(
            f"an object of type {type(cohort).__name__} is not a cohort",
            remedy="Make one with Cohort.from_nih(folder), Cohort.from_csv(...) or Cohort.read(file).",
        )
