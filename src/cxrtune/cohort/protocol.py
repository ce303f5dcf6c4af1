"""Which findings an experiment is about, and which images it leaves out for that."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.errors import UsageError
from cxrtune.findings import NIH_FINDINGS


@dataclass(frozen=True)
class Protocol:
    """A choice of labels.

    Attributes:
        name: Its name on the command line.
        findings: The findings that are predicted, in NIH's order.
        excluded: Findings that lead to the loss of every image that carries one.
    """

    name: str
    findings: tuple[str, ...]
    excluded: frozenset[str]


# The six with fewer than 2,000 images in NIH's train_val part. A constant, not a count of what is
# on disk: the protocol must mean the same on a subset as on the whole.
_RARE = frozenset({"Cardiomegaly", "Emphysema", "Edema", "Pneumonia", "Hernia", "Fibrosis"})

PROTOCOLS: dict[str, Protocol] = {
    "nih8": Protocol("nih8", tuple(f for f in NIH_FINDINGS if f not in _RARE), _RARE),
    "nih14": Protocol("nih14", NIH_FINDINGS, frozenset()),
}


def protocol_named(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises:
        UsageError: There is none.
    """
    if name not in PROTOCOLS:
        raise UsageError(f"there is no protocol '{name}'", remedy=f"Choose one of: {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]
