"""Checks of the images themselves, independent of the table that lists them."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path

from cxrtune.cohort.checks.checked_images import CheckedImage, look_at_all
from cxrtune.cohort.checks.listing import FolderListing, check_links, check_names
from cxrtune.cohort.checks.verdict import Settings
from cxrtune.cohort.problem import Kind, Problem, Severity
from cxrtune.cohort.releases import SIDE
from cxrtune.files import sha256_of
from cxrtune.progress import FileNotes, Reporter

_AGAIN = "Unpack or download it again; until then it is left out."
_AS_IT_IS = "It is left out as long as it is so."
_BROKEN = (
    "is truncated",
    "is damaged",
    "is empty",
    "the file is empty",
    "is a link",
    "cannot be",
    "holds no",
)
_END = 4096  # bytes at each end of a file: PNG files of different images differ there
_SPOKEN = {
    "RGBA": "RGBA with equal channels, opaque",
    "RGB": "RGB with equal channels",
    "LA": "grey with an opaque alpha channel",
    "P": "a palette of greys",
    "1": "1-bit black and white",
    "I;16": "16-bit grey",
    "I": "16-bit grey",
}


def check_images(
    listing: FolderListing,
    patients: Mapping[str, str],
    splits: Mapping[str, str],
    settings: Settings,
    reporter: Reporter,
) -> tuple[list[Problem], str]:
    """Check links, names and, if requested, the content of every image.

    Args:
        listing: The images.
        patients: The patient of each image, where known.
        splits: The part of the split of each image, where known.
        settings: Whether to decode the images.
        reporter: Shows the progress.

    Returns:
        The problems, and a description of what was checked.

    Raises:
        CxrtuneError: A decoding process was killed.
    """
    problems = [*check_links(listing), *check_names(listing)]
    if not settings.decode:
        problems += check_readable(listing, {})
        problems += check_duplicates(same_bytes(listing, reporter), listing, patients, splits)
        return problems, f"{len(listing.images):,} files, by name and size only (`decode=False`)"
    paths = {name: listing.path(name) for name, found in sorted(listing.images.items()) if found.size > 0}
    with reporter.task("Decoding", len(paths)) as task:
        images = look_at_all(paths, settings.workers, task.advance, settings.allow)
    notes = FileNotes("verify", reporter)
    for name, seen in images.items():
        notes.note(listing.file(name), seen.notes)
    notes.tell_rest()
    readable = sum(seen.fault is None for seen in images.values())
    problems += [
        *check_readable(listing, images),
        *check_sizes(listing, images),
        *check_modes(listing, images),
        *check_duplicates(same_pixels(images), listing, patients, splits),
    ]
    counted = "all" if readable == len(listing.images) else f"{readable:,} of them"
    return problems, f"{len(listing.images):,} files, {counted} decoded"


def check_readable(listing: FolderListing, images: Mapping[str, CheckedImage]) -> list[Problem]:
    """Return problems of images that are empty, are broken links, or could not be decoded.

    Problems that the file size reveals are reported without opening the file; others only if it was decoded.
    """
    faults = {
        name: "is a link to a file that is not there" if found.size < 0 else "is empty (0 bytes)"
        for name, found in listing.images.items()
        if found.size <= 0
    }
    faults |= {name: image.fault for name, image in images.items() if image.fault is not None}
    return [
        Problem(
            Kind.UNREADABLE,
            "error",
            listing.file(name),
            faults[name],
            _AGAIN if faults[name].startswith(_BROKEN) else _AS_IT_IS,
        )
        for name in sorted(faults)
    ]


def check_sizes(listing: FolderListing, images: Mapping[str, CheckedImage]) -> list[Problem]:
    """Return problems of images that differ in size from most of the others.

    NIH's images are 1024 px wide and high, but many users keep a downsized copy; an image of a different size
    either comes from elsewhere or was downsized separately. Images from hospitals vary in size: if no size is
    shared by nine in ten images, no size is expected.
    """
    sizes = {name: (seen.width, seen.height) for name, seen in images.items() if seen.fault is None}
    if not sizes:
        return []
    (usual, often), *_ = Counter(sizes.values()).most_common(1)
    if often < 0.9 * len(sizes):
        return []
    why = f"{often:,} of {len(sizes):,} images are"
    if usual == (SIDE, SIDE):
        why += ", and NIH's are"
    return [
        Problem(
            Kind.SIZE,
            "warning",
            listing.file(name),
            f"is {width} x {height} px, expected {usual[0]} x {usual[1]} px: {why}",
            "Use one source, reduced in one way. All are resized, so nothing fails.",
        )
        for name, (width, height) in sorted(sizes.items())
        if (width, height) != usual
    ]


def check_modes(listing: FolderListing, images: Mapping[str, CheckedImage]) -> list[Problem]:
    """Return problems of images that are not 8-bit grey; an image with colours is an error."""
    problems = []
    for name, seen in sorted(images.items()):
        if seen.mode is None:
            continue
        if seen.is_grey:
            what = f"is stored as {_SPOKEN.get(seen.mode, seen.mode)}, expected 8-bit grey"
            remedy = "Nothing need be done: it is read as grey, nothing is lost. NIH publishes some so."
        else:
            what = f"is in colour ({seen.mode}, channels differ), expected 8-bit grey"
            remedy = (
                "Look at it: marks drawn in, or no radiograph? cxrtune would take its luma (ITU-R BT.601)."
            )
        problems.append(
            Problem(Kind.MODE, "warning" if seen.is_grey else "error", listing.file(name), what, remedy)
        )
    return problems


def same_pixels(images: Mapping[str, CheckedImage]) -> list[list[str]]:
    """Return groups of images with identical pixels."""
    return _groups((name for name, seen in images.items() if seen.digest), lambda name: images[name].digest)


def same_bytes(listing: FolderListing, reporter: Reporter) -> list[list[str]]:
    """Return groups of image files with identical bytes.

    Sizes are compared first, then both ends of files of equal size, and only then whole files: almost nothing
    of the folder is read.
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
    """Return one problem per group; duplicates across patients or splits are errors.

    Args:
        groups: Groups of names of identical images.
        listing: The files of the images.
        patients: The patient of each image in the table.
        splits: The part of the split of each image in the table.
    """
    problems = []
    for group in sorted(groups):
        severity, where, remedy = _weight(group, patients, splits)
        others = ", ".join(listing.file(name) for name in group[1:6]) + (", ..." if len(group) > 6 else "")
        what = f"is the same image as {others}; {where}"
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
    """Return groups of names that share a key, sorted."""
    held: dict[Hashable, list[str]] = {}
    for name in names:
        held.setdefault(key(name), []).append(name)
    return [sorted(group) for group in held.values() if len(group) > 1]


def _ends(path: Path) -> str:
    """Return a hash of both ends of a file; empty if it cannot be read, which another check reports."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.blake2b(stream.read(_END))
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _END))
            digest.update(stream.read())
    except OSError:
        return ""
    return digest.hexdigest()
