"""What is checked of the images themselves, whatever table names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cxrtune.cohort.checks.checked_images import CheckedImage, look_at_all
from cxrtune.cohort.checks.duplicates import check_duplicates, same_bytes, same_pixels
from cxrtune.cohort.checks.listing import FolderListing, check_links, check_names
from cxrtune.cohort.checks.verdict import Settings
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.cohort.releases import SIDE
from cxrtune.file_notes import FileNotes
from cxrtune.progress import Reporter

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
    """Check links, names and, if asked for, every picture.

    Args:
        listing: The images.
        patients: The patient of each image that is known.
        splits: The split of each image that is known.
        settings: Whether to decode.
        reporter: Shows how far it is.

    Returns:
        The problems, and in words what was looked at.

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
        pictures = look_at_all(paths, settings.workers, task.advance, settings.allow)
    notes = FileNotes("verify", reporter)
    for name, seen in pictures.items():
        notes.note(listing.file(name), seen.notes)
    notes.tell_rest()
    readable = sum(seen.fault is None for seen in pictures.values())
    problems += [
        *check_readable(listing, pictures),
        *check_sizes(listing, pictures),
        *check_modes(listing, pictures),
        *check_duplicates(same_pixels(pictures), listing, patients, splits),
    ]
    counted = "all" if readable == len(listing.images) else f"{readable:,} of them"
    return problems, f"{len(listing.images):,} files, {counted} decoded"


def check_readable(listing: FolderListing, pictures: Mapping[str, CheckedImage]) -> list[Problem]:
    """Return the images that are empty, lead nowhere, or did not decode.

    What is told by its size is not opened; the rest is known only where it was decoded.
    """
    faults = {
        name: "is a link to a file that is not there" if found.size < 0 else "is empty (0 bytes)"
        for name, found in listing.images.items()
        if found.size <= 0
    }
    faults |= {name: picture.fault for name, picture in pictures.items() if picture.fault is not None}
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


def check_sizes(listing: FolderListing, pictures: Mapping[str, CheckedImage]) -> list[Problem]:
    """Return the images that are not of the size that most are of.

    NIH's are 1024 px wide and high, but many keep a reduced copy; a picture that stands out is either from
    elsewhere, or was reduced apart from the others. Hospitals' own pictures have all sizes: where no size is
    that of nine in ten, none is expected.
    """
    sizes = {name: (seen.width, seen.height) for name, seen in pictures.items() if seen.fault is None}
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


def check_modes(listing: FolderListing, pictures: Mapping[str, CheckedImage]) -> list[Problem]:
    """Return the images that are not 8-bit grey; one with colours in it is an error."""
    problems = []
    for name, seen in sorted(pictures.items()):
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
