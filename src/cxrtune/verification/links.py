"""Links that leave the data folder."""

from __future__ import annotations

import os

from cxrtune.shown import shown
from cxrtune.verification.kinds import Kind
from cxrtune.verification.listing import Listing
from cxrtune.verification.problem import Problem


def check_links(listing: Listing) -> list[Problem]:
    """Return the links whose targets are outside; a folder of images that is itself a link is told once."""
    root = os.path.realpath(listing.root)
    inside = [root]
    problems = []
    for place in listing.places:
        target = os.path.realpath(listing.root / place)
        if not _is_below(target, inside):
            inside.append(target)
            problems.append(
                _leaving(
                    place,
                    target,
                    "Nothing need be done if you made it: see that its disk is there, and is yours.",
                )
            )
    for link in listing.links:
        target = os.path.realpath(os.path.join(listing.root, link))  # noqa: PTH118  a Path a link costs seconds on 112,120
        if not _is_below(target, inside):
            problems.append(
                _leaving(link, target, "Copy the file into the folder: what a link shows can change unseen.")
            )
    return problems


def _is_below(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _leaving(file: str, target: str, remedy: str) -> Problem:
    return Problem(
        Kind.LINK, "warning", shown(file), f"is a link out of the folder, to {shown(target)}", remedy
    )
