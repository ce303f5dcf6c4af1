"""Check a folder in NIH's layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from cxrtune.cohort.boxes import check_boxes
from cxrtune.cohort.checks.image_checks import check_images
from cxrtune.cohort.checks.listing import FolderListing, list_folder
from cxrtune.cohort.checks.presence import check_presence, check_unpacking, no_images
from cxrtune.cohort.checks.verdict import Settings, Verdict
from cxrtune.cohort.folder import check_file_names, find_table, other_tables
from cxrtune.cohort.nih import row_faults
from cxrtune.cohort.nih_table import LabelTable, read_label_table
from cxrtune.cohort.problem import Fault, Kind, Problem, problems_of
from cxrtune.cohort.releases import TEST_IMAGES, TRAIN_VAL_IMAGES, Identity, check_two_tables, identify
from cxrtune.cohort.split_lists import LISTS, SplitLists, official_test_patients, read_split_lists
from cxrtune.csv_lines import spoken
from cxrtune.csv_table import open_csv
from cxrtune.errors import DataError
from cxrtune.progress import Reporter
from cxrtune.text_file import read_utf8, untold


def verify_nih_folder(folder: Path, settings: Settings, reporter: Reporter) -> Verdict:
    """Check a data folder in NIH's layout: report all problems of tables, lists, boxes and images at once.

    Args:
        folder: The data folder.
        settings: Which checks to run.
        reporter: Shows the progress.

    Raises:
        DataError: The folder does not exist, or has no label table.
        CxrtuneError: A decoding process was killed.
    """
    listing = list_folder(folder, reporter)
    problems = [*listing.problems, *check_file_names(folder)]
    with reporter.task("Checking the tables", 2) as task:
        table, identity, table_problems = _check_table(folder)
        task.advance()
        patients = table.patients
        split = _check_split(folder, patients, is_nih=identity.is_nih)
        task.advance()
    problems += table_problems
    problems += [*split.problems, *check_boxes(folder, patients)]
    problems += _check_presence(listing, patients, table.path.name, is_nih=identity.is_nih)
    parts = {name: "the test part" if name in split.test else "the training part" for name in patients}
    present = sum(name in listing.images for name in patients)
    image_problems, image_fact = check_images(listing, patients, parts, settings, reporter)
    return Verdict.of(
        [*problems, *image_problems],
        facts=[
            f"images: {image_fact}, {present:,} of the table's {len(patients):,}",
            f"table: {_where(table.path, folder)}, {identity.sentence}: "
            f"{len(table.frame):,} rows, {_patients(table):,} patients" + _noted(table.path, identity),
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
    faults: list[Fault] = []
    table = read_label_table(path, faults=faults)
    identity = identify(table)
    problems = [*problems_of(faults), *identity.problems, *problems_of(row_faults(table))]
    for other in other_tables(folder, path):
        problems += check_two_tables(table, read_label_table(other, faults=[]))
    return table, identity, problems


@dataclass(frozen=True)
class _Parts:
    """The test part: a description of where the split comes from, and the test images of the table."""

    sentence: str
    test: frozenset[str]
    problems: tuple[Problem, ...] = ()


def _check_split(folder: Path, patients: Mapping[str, str], *, is_nih: bool) -> _Parts:
    """Check the folder's split lists against the table and, if it is NIH's, against the official lists."""
    tested = official_test_patients()
    official = frozenset(image for image, patient in patients.items() if patient in tested)
    told: list[str] = []
    lists = read_split_lists(folder, patients, told.append)
    if lists is None:
        return _Parts("no split lists: NIH's official test patients are tested on", official)
    problems = problems_of(lists.faults)
    for text in told:
        file, _, what = text.partition(" ")
        problems.append(Problem(Kind.LIST, "warning", file, what, "Save it as UTF-8."))
    if lists.are_kaggles and any(problem.severity == "error" for problem in problems):
        # The lists are then not used, so that none of their faults would stop a stage.
        milder = tuple(replace(problem, severity="warning") for problem in problems)
        return _Parts("split lists that are not used: NIH's official test patients are", official, milder)
    if len(lists.images) < len(LISTS):
        return _Parts("split lists that cannot be used", official, tuple(problems))
    sentence, unlike = _kind_of_lists(lists, official, is_nih=is_nih)
    return _Parts(sentence, frozenset(lists.images["test"]), (*problems, *unlike))


def _kind_of_lists(lists: SplitLists, official: frozenset[str], *, is_nih: bool) -> tuple[str, list[Problem]]:
    train_val, test = lists.images["train_val"], lists.images["test"]
    counts = f"{len(train_val):,} and {len(test):,} images"
    if not is_nih:
        return f"own split lists, {counts}", []
    if test >= official and not train_val & official:
        is_whole = (len(train_val), len(test)) == (TRAIN_VAL_IMAGES, TEST_IMAGES)
        whole, part = f"NIH's official split lists ({counts})", f"NIH's official split ({counts} of it)"
        return whole if is_whole else part, []
    what = f"is not NIH's official one: {len(test - official):,} images more, {len(official - test):,} fewer"
    remedy = "Use NIH's lists if the numbers shall be compared with published ones."
    unlike = Problem(Kind.LIST, "warning", lists.names["test"], what, remedy)
    return "split lists that are not NIH's official ones", [unlike]


def _patients(table: LabelTable) -> int:
    return int(pd.Series(table.frame["patient"]).replace("", pd.NA).nunique())


def _noted(path: Path, identity: Identity) -> str:
    """Describe what is unusual but harmless about the table's text."""
    if identity.is_published:
        return ""
    try:
        content, separator = read_utf8(path, ""), open_csv(path, untold).separator
    except DataError:
        return ""
    notes = []
    if content.encoding.startswith("UTF-8"):
        notes += ["a byte order mark"] if content.encoding != "UTF-8" else []
    elif not content.guess:
        notes.append(f"text in {content.encoding}")
    if b"\r" in content.data:
        notes.append("Windows line ends" if b"\r\n" in content.data else "line ends of an old Macintosh")
    if separator != ",":
        notes.append(f"{spoken(separator)}s as separators")
    return f" (it has {' and '.join(notes)}, which does no harm)" if notes else ""


def _where(path: Path, folder: Path) -> str:
    if path.parent == folder:
        return path.name
    return f"none in the folder, so torchxrayvision's copy ({path.name}) is used"
