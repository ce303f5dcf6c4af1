"""Images that give no radiograph."""

from __future__ import annotations

from collections.abc import Mapping

from cxrtune.verification.kinds import Kind
from cxrtune.verification.listing import Listing
from cxrtune.verification.pictures import Picture
from cxrtune.verification.problem import Problem

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


def check_readable(listing: Listing, pictures: Mapping[str, Picture]) -> list[Problem]:
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
