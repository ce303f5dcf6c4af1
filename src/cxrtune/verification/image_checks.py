"""What is checked of the images themselves, whatever table names them."""

from __future__ import annotations

from collections.abc import Mapping

from cxrtune.file_notes import FileNotes
from cxrtune.progress import Reporter
from cxrtune.verification.duplicates import check_duplicates, same_bytes, same_pixels
from cxrtune.verification.links import check_links
from cxrtune.verification.listing import Listing
from cxrtune.verification.names import check_names
from cxrtune.verification.pictures import look_at_all
from cxrtune.verification.problem import Problem
from cxrtune.verification.readable import check_readable
from cxrtune.verification.shapes import check_modes, check_sizes
from cxrtune.verification.verdict import Settings


def check_images(
    listing: Listing,
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
        return problems, f"{len(listing.images):,} files, by name and size only (--no-decode)"
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
