"""Findings: the fourteen of NIH, the subsets used by protocols, and the names of findings in general.

Wang et al., "ChestX-ray8", CVPR 2017, and the data set's own FAQ for the six that came later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cxrtune.errors import UsageError
from cxrtune.shown import quoted

NIH_FINDINGS: tuple[str, ...] = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
)
"""The fourteen findings of NIH, in NIH's order."""

NO_FINDING = "No Finding"
"""Label in NIH's table if none of the fourteen findings was mentioned."""

RESERVED: frozenset[str] = frozenset(
    {
        *("image", "patient", "view", "sex", "age", "followup", "split"),
        *("quality", "ood_score", "reason"),
        *("macro_average", "micro_avg", "macro_avg", "weighted_avg", "samples_avg"),
    }
)
"""Names of other columns and rows in tables that contain findings, as returned by `plain_name`."""

SYNONYMS: dict[str, str] = {
    "pleural_effusion": "effusion",
    "infiltrate": "infiltration",
    "lung_infiltration": "infiltration",
    "pleural_thickness": "pleural_thickening",
    "enlarged_heart": "cardiomegaly",
    "hiatal_hernia": "hernia",
    "diaphragmatic_hernia": "hernia",
    "pulmonary_edema": "edema",
    "oedema": "edema",
    "pulmonary_fibrosis": "fibrosis",
    "pulmonary_emphysema": "emphysema",
}
"""Names of NIH's findings in other tables; case, spaces and hyphens do not matter."""

_PREFIXES = ("probability_", "positive_")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)
_LONGEST = 80


def spoken(finding: str) -> str:
    """Return the name of a finding as written in prose: `Pleural_Thickening` -> `Pleural thickening`.

    Abbreviations are kept: `Enlarged_PA` -> `Enlarged PA`.
    """
    words = finding.replace("_", " ").split()
    plain = " ".join(word if word.isupper() else word.lower() for word in words)
    return plain[:1].upper() + plain[1:]


@dataclass(frozen=True)
class Protocol:
    """A choice of labels.

    Attributes:
        name: Its name on the command line.
        findings: The findings that are predicted, in NIH's order.
        excluded: Findings that exclude every image with one of them.
    """

    name: str
    findings: tuple[str, ...]
    excluded: frozenset[str]


# The six with fewer than 2,000 images in NIH's train_val part. A constant rather than a count of the images
# on disk: the protocol must be the same for a subset as for the whole data set.
_RARE = frozenset({"Cardiomegaly", "Emphysema", "Edema", "Pneumonia", "Hernia", "Fibrosis"})

PROTOCOLS: dict[str, Protocol] = {
    "nih8": Protocol("nih8", tuple(f for f in NIH_FINDINGS if f not in _RARE), _RARE),
    "nih14": Protocol("nih14", NIH_FINDINGS, frozenset()),
}


def protocol_named(name: str) -> Protocol:
    """Return the protocol with a name.

    Raises:
        UsageError: There is no such protocol.
    """
    if name not in PROTOCOLS:
        raise UsageError(f"there is no protocol '{name}'", remedy=f"Choose one of: {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]


def plain_name(name: str) -> str:
    """Return the normalised name of a finding: case, and spaces in place of _ or -, do not matter."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def meaning(name: str) -> str:
    """Return the normalised name of a finding, with synonyms in other tables replaced by NIH's name."""
    plain = plain_name(name)
    return SYNONYMS.get(plain, plain)


def fault_of_names(names: Iterable[str]) -> str | None:
    """Return one sentence on why names cannot be the findings of one cohort; None if they can.

    They are used as columns of tables and names of files, which some programs treat without regard to case.
    """
    seen: dict[str, str] = {}
    for name in names:
        plain = plain_name(name)
        if plain in seen:
            return (
                f"the findings {quoted(seen[plain])} and {quoted(name)} cannot be told apart by programs that"
                " do not heed case and take spaces for _ and -"
            )
        seen[plain] = name
        reason = _fault(name, plain)
        if reason is not None:
            return f"{quoted(name)} cannot be the name of a finding: {reason}"
    return None


def _fault(name: str, plain: str) -> str | None:
    if not re.fullmatch(r"[^\W\d_](?:[\w -]*\w)?", name):
        return "take letters, digits, and between them spaces, _ and -, and begin with a letter"
    if plain in RESERVED or plain.startswith(_PREFIXES):
        return "tables of predictions and results have a column or a row of that name"
    if plain in _DEVICES:
        return "no file can have that name on Windows"
    if len(name) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    return None
