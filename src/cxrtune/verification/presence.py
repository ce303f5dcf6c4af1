"""Images that the table names and the folder lacks, and the other way round."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from cxrtune.cohort.folder import IMAGE_SUFFIXES, LOOKED_IN
from cxrtune.shown import shown
from cxrtune.verification.kinds import Kind
from cxrtune.verification.listing import Listing
from cxrtune.verification.problem import Problem


def check_presence(named: Collection[str], listing: Listing, table: str) -> list[Problem]:
    """Return the missing and the extra images.

    A missing image is a warning as long as there are others: NIH's table stands beside many a part of its
    images, and cxrtune leaves out, and says so, what is not there.

    Args:
        named: The images of the table.
        listing: What is in the folder.
        table: The table's name.
    """
    missing = [name for name in dict.fromkeys(named) if name and name not in listing.images]
    extra = listing.images.keys() - set(named)
    alike = _alike(extra)
    none = len(missing) == len(set(named))
    problems = [
        Problem(
            Kind.MISSING,
            "error" if none else "warning",
            shown(name),
            f"is in {table} but not on disk" + _twin(name, alike),
            "Unpack the archives that are missing, or go on: what is not there is left out of the cohort.",
        )
        for name in missing
    ]
    return problems + [
        Problem(
            Kind.EXTRA,
            "warning",
            listing.file(name),
            f"is on disk but not in {table}",
            "Nothing need be done: it is not used. Add a row if it should be.",
        )
        for name in sorted(extra)
    ]


def no_images(folder: Path) -> Problem:
    """Return the one problem of a folder without images; those that lie in it itself are probably meant."""
    beside = sum(name.lower().endswith(tuple(IMAGE_SUFFIXES)) for name in os.listdir(folder))  # noqa: PTH208  names are all that is wanted
    return Problem(
        Kind.MISSING,
        "error",
        shown(str(folder)),
        f"holds no images (looked for PNG and JPEG in {LOOKED_IN})"
        + (f"; {beside:,} lie in the folder itself" if beside else ""),
        "Move them into images/, or name the folder above." if beside else "Unpack NIH's archives there.",
    )


def _alike(names: Iterable[str]) -> dict[str, str]:
    return {_stem(name): name for name in names}


def _stem(name: str) -> str:
    return name.rpartition(".")[0].strip().casefold()


def _twin(name: str, alike: dict[str, str]) -> str:
    """Name the file that is probably meant: one whose case of letters, or suffix, differs."""
    twin = alike.get(_stem(name))
    return "" if twin is None else f"; {shown(twin)} is there: rename it, or the row"
