"""The same picture under several names: by its pixels where they were decoded, else by its bytes."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path

from cxrtune.cohort.checks.checked_images import CheckedImage
from cxrtune.cohort.checks.listing import FolderListing
from cxrtune.cohort.problem import Kind, Problem, Severity
from cxrtune.files import sha256_of
from cxrtune.progress import Reporter

_END = 4096  # bytes at either end of a file: PNG files of unlike pictures differ there


def same_pixels(pictures: Mapping[str, CheckedImage]) -> list[list[str]]:
    """Return groups of images with the same pixels."""
    return _groups(
        (name for name, seen in pictures.items() if seen.digest), lambda name: pictures[name].digest
    )


def same_bytes(listing: FolderListing, reporter: Reporter) -> list[list[str]]:
    """Return groups of image files with the same bytes.

    Sizes first, then both ends of the files whose sizes are alike, and the whole only of what is left: almost
    nothing of a folder is read.
    """
    images = listing.images
    groups = _groups(
        (name for name, found in images.items() if found.size > 0), lambda name: images[name].size
    )
    keys: tuple[Callable[[Path], str], ...] = (_ends, sha256_of)
    for key in keys:
        told = {}
        with reporter.task("Comparing", sum(map(len, groups))) as task:
            for name in itertools.chain.from_iterable(groups):
                told[name] = key(listing.path(name))
                task.advance()
        groups = [
            finer for group in groups for finer in _groups((n for n in group if told[n]), told.__getitem__)
        ]
    return groups


def check_duplicates(
    groups: Iterable[list[str]],
    listing: FolderListing,
    patients: Mapping[str, str],
    splits: Mapping[str, str],
) -> list[Problem]:
    """Return one problem a group; what crosses patients or splits is an error.

    Args:
        groups: Names of images that are the same picture.
        listing: Where they are.
        patients: The patient of each image that the table names.
        splits: The split of each image that the table names.
    """
    problems = []
    for group in sorted(groups):
        severity, where, remedy = _weight(group, patients, splits)
        others = ", ".join(listing.file(name) for name in group[1:6]) + (", ..." if len(group) > 6 else "")
        what = f"is the same picture as {others}; {where}"
        problems.append(Problem(Kind.DUPLICATE, severity, listing.file(group[0]), what, remedy))
    return problems


def _weight(
    group: list[str], patients: Mapping[str, str], splits: Mapping[str, str]
) -> tuple[Severity, str, str]:
    across = sorted({splits[name] for name in group if name in splits})
    whose = {patient for name in group if (patient := patients.get(name))}
    if len(across) > 1:
        remedy = "Remove all but one: the model would be tested on what it was trained on."
        return "error", f"the copies are in {' and '.join(across)}", remedy
    if len(whose) > 1:
        return (
            "error",
            f"it stands under {len(whose)} patients",
            "Find out whose it is, and remove the others.",
        )
    if not all(patients.get(name) for name in group):
        what = "not all of them are in the table, with a patient"
        return "warning", what, "Remove the copies that are not in the table."
    return "warning", "all are of one patient", "Remove all but one, or know that it counts twice."


def _groups(names: Iterable[str], key: Callable[[str], Hashable]) -> list[list[str]]:
    """Return the names that share a key with another, sorted."""
    held: dict[Hashable, list[str]] = {}
    for name in names:
        held.setdefault(key(name), []).append(name)
    return [sorted(group) for group in held.values() if len(group) > 1]


def _ends(path: Path) -> str:
    """Return a hash of a file's ends; empty if it cannot be read, which another check tells."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.blake2b(stream.read(_END))
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _END))
            digest.update(stream.read())
    except OSError:
        return ""
    return digest.hexdigest()
