"""Images of another size or mode than expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cxrtune.verification import known
from cxrtune.verification.kinds import Kind
from cxrtune.verification.listing import Listing
from cxrtune.verification.pictures import Picture
from cxrtune.verification.problem import Problem


def check_sizes(listing: Listing, pictures: Mapping[str, Picture]) -> list[Problem]:
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
    if usual == (known.SIDE, known.SIDE):
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


def check_modes(listing: Listing, pictures: Mapping[str, Picture]) -> list[Problem]:
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


_SPOKEN = {
    "RGBA": "RGBA with equal channels, opaque",
    "RGB": "RGB with equal channels",
    "LA": "grey with an opaque alpha channel",
    "P": "a palette of greys",
    "1": "1-bit black and white",
    "I;16": "16-bit grey",
    "I": "16-bit grey",
}
