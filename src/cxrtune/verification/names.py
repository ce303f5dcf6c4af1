"""Names that other tools stumble over."""

from __future__ import annotations

import re
import unicodedata

from cxrtune.shown import is_utf8
from cxrtune.verification.kinds import Kind
from cxrtune.verification.listing import Listing
from cxrtune.verification.problem import Problem

_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")  # a cohort names images by their paths
_RENAME = "cxrtune does not use it: rename it (convmv does so for whole folders)."
_REMEDY = "cxrtune reads it; rename it, here and in the tables, if other tools do not."


def check_names(listing: Listing) -> list[Problem]:
    """Return the images whose names hold spaces, accents, control characters, or bytes that are no UTF-8."""
    return [
        Problem(
            Kind.NAME,
            "warning",
            listing.file(name),
            f"has a name with {reason}",
            _REMEDY if is_utf8(name) else _RENAME,
        )
        for name in listing.images
        if not _PLAIN.fullmatch(name) and (reason := _reason(name))
    ]


def _reason(name: str) -> str:
    if not name.isprintable():
        return "characters that cannot be seen" if is_utf8(name) else "bytes that are not UTF-8"
    if name != unicodedata.normalize("NFC", name):
        return "accents in two parts (Unicode NFD), which match no table that has them in one"
    reasons = [
        word
        for word, found in (
            ("spaces", " " in name),
            ("letters beyond ASCII", not name.isascii()),
            (
                "characters that a shell takes for its own",
                bool(re.search(r"[^\w\s./\-]", name, re.ASCII)) and name.isascii(),
            ),
        )
        if found
    ]
    return " and ".join(reasons)
