"""Which names the findings of a cohort may have: they are columns of tables and names of files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cxrtune.shown import quoted

RESERVED: frozenset[str] = frozenset(
    {
        *("image", "patient", "view", "sex", "age", "followup", "split"),
        *("quality", "strangeness", "reason"),
        *("macro_average", "micro_avg", "macro_avg", "weighted_avg", "samples_avg"),
    }
)
"""Other columns and rows of tables that findings stand in, as `plain_name` writes them."""

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
"""What other tables call NIH's findings; case, spaces and hyphens do not matter."""

_PREFIXES = ("calibrated_", "present_")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)
_LONGEST = 80


def plain_name(name: str) -> str:
    """Return a finding's name as names are compared: case, and spaces for _ or -, do not matter."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def meaning(name: str) -> str:
    """Return a finding's name as names are compared, NIH's for those that other tables call otherwise."""
    plain = plain_name(name)
    return SYNONYMS.get(plain, plain)


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
