"""The whole check of a folder in NIH's layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from cxrtune.cohort.checks import known
from cxrtune.cohort.checks.ages import check_ages
from cxrtune.cohort.checks.box_list import check_boxes
from cxrtune.cohort.checks.image_checks import check_images
from cxrtune.cohort.checks.label_table import LabelTable, read_label_table
from cxrtune.cohort.checks.labels import check_labels
from cxrtune.cohort.checks.listing import FolderListing, list_folder
from cxrtune.cohort.checks.misnamed import check_file_names
from cxrtune.cohort.checks.presence import check_presence, check_unpacking, no_images
from cxrtune.cohort.checks.releases import Identity, identify
from cxrtune.cohort.checks.rows import check_rows
from cxrtune.cohort.checks.split_lists import check_split_lists
from cxrtune.cohort.checks.two_tables import check_two_tables
from cxrtune.cohort.checks.verdict import Settings, Verdict
from cxrtune.cohort.nih import find_table, other_tables
from cxrtune.cohort.problem import Problem
from cxrtune.progress import Reporter


def verify_nih_folder(folder: Path, settings: Settings, reporter: Reporter) -> Verdict:
    """Check a data folder in NIH's layout: tables, lists, boxes and every image, all problems at once.

    Args:
        folder: The data folder.
        settings: How thoroughly.
        reporter: Shows how far it is.

    Raises:
        DataError: There is no such folder, or no label table at all.
        CxrtuneError: A decoding process was killed.
    """
    listing = list_folder(folder, reporter)
    problems = [*listing.problems, *check_file_names(folder)]
    with reporter.task("Checking the tables", 2) as task:
        table, identity, table_problems = _check_table(folder)
        task.advance()
        split = check_split_lists(folder, table.patients, is_nih=identity.is_nih)
        task.advance()
    problems += table_problems
    # A dictionary: going through a column of pandas one by one is slow.
    patients = dict(zip(table.patients.index.tolist(), table.patients.tolist(), strict=True))
    problems += [*split.problems, *check_boxes(folder, patients)]
    problems += _check_presence(listing, patients, table.file, is_nih=identity.is_nih)
    parts = {name: "the test part" if name in split.test else "the training part" for name in patients}
    present = sum(name in listing.images for name in patients)
    image_problems, image_fact = check_images(listing, patients, parts, settings, reporter)
    return Verdict.of(
        [*problems, *image_problems],
        facts=[
            f"images: {image_fact}, {present:,} of the table's {len(patients):,}",
            f"table: {_where(table, folder)}, {identity.sentence}: "
            f"{len(table.frame):,} rows, {_patients(table):,} patients" + _noted(table),
            f"split: {split.sentence}",
        ],
    )


def _check_presence(
    listing: FolderListing, patients: Mapping[str, str], table: str, *, is_nih: bool
) -> list[Problem]:
    missing = sum(name not in listing.images for name in patients)
    presence = check_presence(patients, listing, table) if listing.images else [no_images(listing.root)]
    return presence + check_unpacking(listing, is_nih=is_nih, missing=missing)


def _check_table(folder: Path) -> tuple[LabelTable, Identity, list[Problem]]:
    path = find_table(folder)
    table = read_label_table(path)
    identity = identify(table)
    problems = [
        *table.problems,
        *identity.problems,
        *check_rows(table),
        *check_labels(table),
        *check_ages(table),
    ]
    for other in other_tables(folder, path):
        problems += check_two_tables(table, read_label_table(other))
    return table, identity, problems


def _patients(table: LabelTable) -> int:
    return int(pd.Series(table.frame["patient"]).replace("", pd.NA).nunique())


def _noted(table: LabelTable) -> str:
    is_published = table.sha256 in {release.sha256 for release in known.RELEASES}
    if is_published or not table.notes:
        return ""
    return f" (it has {' and '.join(table.notes)}, which does no harm)"


def _where(table: LabelTable, folder: Path) -> str:
    if (folder / table.file).is_file():
        return table.file
    return f"none in the folder, so torchxrayvision's copy ({table.file}) is used"
