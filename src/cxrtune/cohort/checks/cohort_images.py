"""Check the images of any cohort: those that its table lists, relative to a folder."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from cxrtune.cohort.checks.image_checks import check_images
from cxrtune.cohort.checks.listing import FolderListing, Found, file_size, list_folder
from cxrtune.cohort.checks.verdict import Settings, Verdict
from cxrtune.cohort.folder import leads_out, named_as_nihs
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.cohort.table import CohortTable
from cxrtune.images.discover import entries_of
from cxrtune.progress import Reporter
from cxrtune.shown import shown


def verify_cohort(cohort: CohortTable, folder: Path, settings: Settings, reporter: Reporter) -> Verdict:
    """Check the images of a cohort for missing or unreadable files, duplicates and patients across splits.

    Args:
        cohort: The cohort; its images are file names in NIH's image folders, or paths relative to `folder`.
        folder: The folder with the images.
        settings: Which checks to run.
        reporter: Shows the progress.

    Raises:
        DataError: The folder does not exist.
        CxrtuneError: A decoding process was killed.
    """
    listing = _listing(cohort, folder, reporter)
    patients = dict(zip(cohort.images, map(str, cohort.patients), strict=True))
    splits = dict(zip(cohort.images, cohort.frame["split"].astype(str), strict=True))
    image_problems, image_fact = check_images(listing, patients, splits, settings, reporter)
    return Verdict.of(
        [*listing.problems, *_missing(cohort, listing), *_patients_across(cohort), *image_problems],
        facts=[
            f"images: {image_fact}",
            f"cohort: {len(cohort):,} images, {len(set(patients.values())):,} patients, "
            f"{len(cohort.findings)} findings",
        ],
    )


def _listing(cohort: CohortTable, folder: Path, reporter: Reporter) -> FolderListing:
    """List the cohort's images with one pass per folder; names that lead out of the folder are skipped."""
    listing = FolderListing(folder)
    there = list_folder(folder, reporter)
    listing.problems += [problem for problem in there.problems if problem.kind is Kind.FOLDER]
    wanted: dict[str, list[str]] = defaultdict(list)
    by_name = named_as_nihs(there.images, cohort.images)
    for name in map(str, cohort.images):
        if by_name and name in there.images:
            listing.images[name] = there.images[name]
        elif leads_out(name):
            listing.problems.append(_outside(name))
        elif not by_name:
            wanted[name.rpartition("/")[0]].append(name)
    listing.links = [link for link in there.links if link.rpartition("/")[2] in listing.images]
    for inner, names in wanted.items():
        held = {entry.name: entry for entry in entries_of(folder / inner)}  # none: reported as missing
        for name in names:
            entry = held.get(name.rpartition("/")[2])
            size = None if entry is None else file_size(entry)
            if entry is None or size is None:
                continue
            listing.images[name] = Found("", size)
            if entry.is_symlink():
                listing.links.append(name)
    return listing


def _outside(name: str) -> Problem:
    return Problem(
        Kind.LINK,
        "error",
        shown(name),
        "leads out of the folder, expected a path below it",
        "Name the folder that holds all images, and the images relative to it.",
    )


def _missing(cohort: CohortTable, listing: FolderListing) -> list[Problem]:
    refused = {problem.file for problem in listing.problems}
    return [
        Problem(
            Kind.MISSING,
            "error",
            shown(name),
            "is in the cohort but not on disk",
            "Name the folder that the cohort was made from, or make the cohort anew.",
        )
        for name in map(str, cohort.images)
        if name not in listing.images and shown(name) not in refused
    ]


def _patients_across(cohort: CohortTable) -> list[Problem]:
    frame = cohort.frame[["image", "patient", "split"]].astype(str)
    first = frame.drop_duplicates(["patient", "split"])
    across = first[first["patient"].duplicated(keep=False)]
    problems = []
    for _, rows in across.groupby("patient", sort=False):
        places = ", ".join(
            f"{shown(image)} in {split}" for image, split in zip(rows["image"], rows["split"], strict=True)
        )
        problems.append(
            Problem(
                Kind.PATIENT,
                "error",
                shown(rows["image"].iloc[0]),
                f"is of a patient who is in {len(rows)} splits: {places}; expected one",
                "Split by patient: a model that has seen a patient is not tested on them.",
            )
        )
    return problems
