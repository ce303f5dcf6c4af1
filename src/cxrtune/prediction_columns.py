"""Which column of a table of predictions is which: exact names first, then other spellings, then synonyms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cxrtune.errors import DataError
from cxrtune.finding_names import plain_name
from cxrtune.shown import quoted

IMAGE_COLUMNS = ("image", "Image Index")
"""What the column with the images' names is called, by us and by NIH."""

PATIENT_COLUMNS = ("patient", "Patient ID")

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


def find_column(names: Sequence[str], wanted: Iterable[str]) -> str | None:
    """Return the first of the wanted columns that is there, whatever its case; None if none is."""
    for want in wanted:
        if want in names:
            return want
        found = next((name for name in names if name.strip().casefold() == want.casefold()), None)
        if found is not None:
            return found
    return None


def columns_of_findings(
    names: Sequence[str], findings: Sequence[str], prefix: str, path: Path
) -> dict[str, str]:
    """Return the column of each finding that has one.

    A column that has a finding's own name is that finding's; else one that differs in case, blanks, _ and -
    only; else one that has a synonym of it, unless that is the name of another of the findings.

    Args:
        names: The table's columns.
        findings: The findings wanted.
        prefix: What stands before a finding's name in a column's.
        path: The table, for errors.

    Raises:
        DataError: Two columns fit a finding equally well.
    """
    bare = [(name, name.removeprefix(prefix)) for name in names if name.startswith(prefix)]
    ours = {plain_name(finding) for finding in findings}
    found: dict[str, str] = {}
    for finding in findings:
        same = [name for name, own in bare if own == finding]
        alike = [name for name, own in bare if plain_name(own) == plain_name(finding)]
        _take(finding, same or alike, found, path)
    # Of findings that are synonyms of each other, that with the plain name comes first.
    rest = [finding for finding in findings if finding not in found]
    for finding in sorted(rest, key=lambda finding: plain_name(finding) in SYNONYMS):
        meant = [
            name
            for name, own in bare
            if plain_name(own) not in ours
            and _meaning(own) == _meaning(finding)
            and name not in found.values()
        ]
        _take(finding, meant, found, path)
    return {finding: found[finding] for finding in findings if finding in found}


def _take(finding: str, fitting: Sequence[str], found: dict[str, str], path: Path) -> None:
    if len(fitting) > 1:
        raise DataError(
            f"has two columns for {finding}: {quoted(fitting[0])} and {quoted(fitting[1])}",
            path=path,
            remedy="Keep the one that is meant.",
        )
    if fitting:
        found[finding] = fitting[0]


def _meaning(name: str) -> str:
    plain = plain_name(name)
    return SYNONYMS.get(plain, plain)
