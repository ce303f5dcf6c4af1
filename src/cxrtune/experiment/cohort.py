"""Stage 1: make cohort.parquet from a data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxrtune.cohort.build import build_nih_cohort, inputs_of_nih
from cxrtune.cohort.folder import image_files
from cxrtune.cohort.table import SPLITS, CohortTable
from cxrtune.errors import DataError, UsageError
from cxrtune.experiment.origins import notice_of
from cxrtune.findings import protocol_named
from cxrtune.progress import Reporter
from cxrtune.provenance import Source, read_record, record_path
from cxrtune.stage import Draft, stage


def make_cohort(
    data: Path, out: Path, *, protocol: str, seed: int, metadata_only: bool, reporter: Reporter
) -> Path:
    """Make the cohort table of an NIH folder.

    Args:
        data: The data folder.
        out: The Parquet file.
        protocol: `nih8` or `nih14`.
        seed: Seed for choosing the validation patients.
        metadata_only: Whether to include every image of the table, on disk or not.
        reporter: Receives the counts.

    Returns:
        `out`.

    Raises:
        UsageError: There is no protocol of that name, or `out` is not the name of a Parquet file.
        CxrtuneError: The folder is not valid, or the table cannot be written.
    """
    chosen = protocol_named(protocol)
    require_parquet(out)
    inputs = [Source.of_file(path.name, path) for path in inputs_of_nih(data)] + notice_of(data)
    if not metadata_only:
        inputs.append(Source.of_listing("images", data, image_files(data)))
    settings = {"protocol": protocol, "seed": seed, "metadata_only": metadata_only}
    with stage("cohort", out, inputs, settings, [out.name], reporter) as draft:
        if draft.current:
            return out
        cautions: list[str] = []
        cohort, flow = build_nih_cohort(data, chosen, cautions.append, seed=seed, metadata_only=metadata_only)
        cohort.write(out)
        draft.counts = dict(flow.counts())
        if flow.not_on_disk:
            draft.notes.append(f"{flow.not_on_disk:,} images of the table are not on disk and were left out")
        if flow.not_in_table:
            draft.notes.append(f"{flow.not_in_table:,} images on disk are not in the table and were not used")
        draft.notes += cautions
        reporter.say(f"cohort: {flow.sentence()}")
        tell_parts(cohort, draft, reporter)
        for caution in cautions:
            reporter.warn(f"cohort: {caution}")
    return out


@dataclass(frozen=True)
class GivenCohort:
    """An existing cohort.

    Attributes:
        table: The cohort table.
        images: The folder that contains its images.
    """

    table: Path
    images: Path


def take_cohort(table: Path, cohort: CohortTable, out: Path, reporter: Reporter) -> Path:
    """Copy an existing cohort into a run folder, with the inputs and settings of its record.

    Args:
        table: The file of the cohort.
        cohort: The content of the file.
        out: The Parquet file to write.
        reporter: Receives the counts.

    Raises:
        DataError: The record of the cohort is damaged.
        OutputError: The cohort cannot be written.
    """
    if table.resolve() == out.resolve():
        return out
    inputs, made = [Source.of_file("cohort", table)], record_path(table)
    before = read_record(made) if made.is_file() else None
    # The report gives its inputs and settings as if it had been made here.
    settings = {} if before is None else before.settings
    inputs += [] if before is None else before.inputs
    with stage("cohort", out, inputs, settings, [out.name], reporter) as draft:
        if draft.current:
            return out
        cohort.write(out)
        if before is not None:
            draft.counts, draft.notes = dict(before.counts), list(before.notes)
        tell_parts(cohort, draft, reporter)
    return out


def require_parquet(out: Path) -> None:
    """Check, before any work, that a cohort can be written to a file of this name.

    Raises:
        UsageError: The suffix is not .parquet.
    """
    if out.suffix != ".parquet":
        raise UsageError("a cohort is written as .parquet", path=out, remedy="Name it like: cohort.parquet")


def require_trainable(cohort: CohortTable, table: Path) -> None:
    """Check, before hours of work, that a model can be trained on a cohort.

    Args:
        cohort: The cohort.
        table: The file of the cohort.

    Raises:
        DataError: The cohort has no training or no validation images.
    """
    lacking = [split for split in ("train", "validation") if not len(cohort.rows(split))]
    if lacking:
        raise DataError(
            f"the cohort has no {' and no '.join(lacking)} images, so that no model can be trained on it",
            path=table,
            remedy="Judge models on it with `cxrtune.experiment.evaluate`; without split in the map parts are"
            " made.",
        )


def tell_parts(cohort: CohortTable, draft: Draft, reporter: Reporter) -> None:
    """Count the images of each split and the patients, for the record and for the user."""
    sizes = {split: len(cohort.rows(split)) for split in SPLITS}
    patients = int(cohort.frame["patient"].nunique())
    draft.counts |= sizes | {"patients": patients}
    parts = ", ".join(f"{split} {size:,}" for split, size in sizes.items())
    reporter.say(f"cohort: {parts}; {patients:,} patients; {len(cohort.findings)} findings")
