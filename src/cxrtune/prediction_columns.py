"""Matching of columns in tables of predictions: exact names first, then other spellings, then synonyms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cxrtune.errors import DataError
from cxrtune.findings import SYNONYMS, meaning, plain_name
from cxrtune.prediction_affixes import Affix
from cxrtune.shown import listed, quoted

IMAGE_COLUMNS = ("image", "Image Index")
"""Names of the column with the image names, in cxrtune and in NIH's tables."""

OTHER_IMAGE_COLUMNS = (
    *("Path", "ImageID", "image_id", "dicom_id"),  # CheXpert, PadChest, VinDr-CXR, MIMIC-CXR
    *("image_name", "image_path", "image_file", "filename", "file_name", "file_path"),
)
"""Its names in other tables; a table must have exactly one of these."""

PATIENT_COLUMNS = ("patient", "Patient ID")


def find_image_column(names: Sequence[str], path: Path) -> str | None:
    """Return the column with the image names; None if there is none.

    Raises:
        DataError: Several columns match.
    """
    column = find_column(names, IMAGE_COLUMNS)
    if column is not None:
        return column
    wanted = {plain_name(name) for name in (*IMAGE_COLUMNS, *OTHER_IMAGE_COLUMNS)}
    found = [name for name in names if plain_name(name) in wanted]
    if len(found) > 1:
        raise DataError(
            f"has {len(found)} columns that may name the images: {listed(found)}",
            path=path,
            remedy=f"Say which: `image_columns` {quoted(found[0])}",
        )
    return found[0] if found else None


def find_column(names: Sequence[str], wanted: Iterable[str]) -> str | None:
    """Return the first of the wanted columns that exists, ignoring case; None if there is none."""
    for want in wanted:
        if want in names:
            return want
        found = next((name for name in names if name.strip().casefold() == want.casefold()), None)
        if found is not None:
            return found
    return None


def columns_of_findings(
    names: Sequence[str], findings: Sequence[str], affix: Affix, path: Path, *, what: str = "columns"
) -> dict[str, str]:
    """Return the column of each finding, for those that have one.

    A column with the exact name of a finding is preferred; then one that differs only in case, blanks, _ and
    -; then one with a synonym of it, unless that is the name of another finding.

    Args:
        names: The columns of the table.
        findings: The findings wanted.
        affix: Prefix and suffix of the findings in the names of columns.
        path: The table, for errors.
        what: What the names belong to, for errors.

    Raises:
        DataError: Two columns match a finding equally well.
    """
    bare = [(name, own) for name in names if (own := affix.taken_off(name)) is not None]
    ours = {plain_name(finding) for finding in findings}
    found: dict[str, str] = {}
    for finding in findings:
        same = [name for name, own in bare if own == finding]
        alike = [name for name, own in bare if plain_name(own) == plain_name(finding)]
        _take(finding, same or alike, found, path, what)
    # Among findings that are synonyms of each other, the one with the plain name comes first.
    rest = [finding for finding in findings if finding not in found]
    for finding in sorted(rest, key=lambda finding: plain_name(finding) in SYNONYMS):
        meant = [
            name
            for name, own in bare
            if plain_name(own) not in ours and meaning(own) == meaning(finding) and name not in found.values()
        ]
        _take(finding, meant, found, path, what)
    return {finding: found[finding] for finding in findings if finding in found}


def _take(finding: str, fitting: Sequence[str], found: dict[str, str], path: Path, what: str) -> None:
    if len(fitting) > 1:
        raise DataError(
            f"has two {what} for {finding}: {quoted(fitting[0])} and {quoted(fitting[1])}",
            path=path,
            remedy="Keep the one that is meant.",
        )
    if fitting:
        found[finding] = fitting[0]
