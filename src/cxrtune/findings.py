"""The findings that the NIH ChestX-ray14 table may name, and the subsets that protocols use.

Wang et al., "ChestX-ray8", CVPR 2017, and the data set's own FAQ for the six that came later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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
"""NIH's fourteen findings in NIH's order."""

NO_FINDING = "No Finding"
"""What NIH's table says where none of the fourteen was mentioned."""


RESERVED: frozenset[str] = frozenset(
    {
        *("image", "patient", "view", "sex", "age", "followup", "split"),
        *("quality", "strangeness", "reason"),
        *("macro_average", "micro_avg", "macro_avg", "weighted_avg", "samples_avg"),
    }
)
"""Other columns and rows of tables that findings stand in, as `plain_name` writes them."""

_PREFIXES = ("calibrated_", "present_")
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
_LONGEST = 80


def plain_name(name: str) -> str:
    """Return a finding's name as names are compared: case, and spaces for _ or -, do not matter."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def fault_of_names(names: Iterable[str]) -> str | None:
    """Say in one sentence why names cannot be those of the findings of one cohort; None if they can.

    They are columns of tables and names of files, and both are read without regard to case by some programs.
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


def spoken(finding: str) -> str:
    """Return a finding's name as a person writes it: `Pleural_Thickening` -> `Pleural thickening`.

    Abbreviations stay: `Enlarged_PA` -> `Enlarged PA`.
    """
    words = finding.replace("_", " ").split()
    plain = " ".join(word if word.isupper() else word.lower() for word in words)
    return plain[:1].upper() + plain[1:]
