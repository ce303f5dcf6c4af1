"""NIH ChestX-ray14 as NIH and Kaggle ship it -> one table in cxrtune's own columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.shipped import NIH_TABLE, shipped_table
from cxrtune.errors import DataError
from cxrtune.findings import NIH_FINDINGS, NO_FINDING

TABLE_NAMES: tuple[str, ...] = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
LABELS_REMEDY = f"Labels are {NO_FINDING}, or any of {', '.join(NIH_FINDINGS)}, joined by '|'."
OLDEST = 120
"""Years; the releases of 2017 hold ages such as 412, typing errors of the source."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "image": ("Image Index",),
    "labels": ("Finding Labels",),
    "followup": ("Follow-up #",),
    "patient": ("Patient ID",),
    "age": ("Patient Age",),
    "sex": ("Patient Gender", "Patient Sex"),
    "view": ("View Position",),
}
"""NIH's columns by ours; the releases name one of them differently."""


def find_table(folder: Path) -> Path:
    """Return the folder's label table, or the one that torchxrayvision ships if the folder has none.

    Raises:
        DataError: The folder does not exist, or neither is there.
    """
    if not folder.is_dir():
        raise DataError(
            "there is no such data folder",
            path=folder,
            remedy="Name the folder with NIH's images with --data.",
        )
    for name in TABLE_NAMES:
        if (folder / name).is_file():
            return folder / name
    shipped = shipped_table(NIH_TABLE)
    if shipped is not None:
        return shipped
    raise DataError(
        f"holds no label table ({' or '.join(TABLE_NAMES)})",
        path=folder,
        remedy="Put NIH's table there, or install torchxrayvision, which ships it.",
    )


def read_table(path: Path) -> pd.DataFrame:
    """Read NIH's label table.

    Args:
        path: `Data_Entry_2017.csv` or `Data_Entry_2017_v2020.csv`, possibly gzipped.

    Returns:
        Columns image, patient, view, sex, age, followup and the fourteen findings (int8, 1 or 0).

    Raises:
        DataError: A column is missing, a label is unknown, or an image is named twice.
    """
    raw = _read_raw(path)
    again = raw["image"][raw["image"].duplicated()]
    if len(again):
        raise DataError(
            f"names {len(again):,} images more than once, {again.iloc[0]} for one",
            path=path,
            remedy="Keep one row an image.",
        )
    frame = raw[["image", "patient", "view", "sex"]].copy()
    frame["age"] = years_of(raw["age"])
    frame["followup"] = counts_of(raw["followup"])
    labels = _labels(raw["labels"], path)
    for column, finding in enumerate(NIH_FINDINGS):
        frame[finding] = pd.array(labels[:, column], dtype="Int8")
    return frame


def _read_raw(path: Path) -> pd.DataFrame:
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise DataError(f"is no readable CSV table: {error}", path=path) from error
    names = {}
    for ours, theirs in COLUMNS.items():
        found = [name for name in theirs if name in raw.columns]
        if not found:
            raise DataError(
                f"has no column '{theirs[0]}'; its columns are {', '.join(raw.columns[:8])}",
                path=path,
                remedy="Use NIH's table as it was published.",
            )
        names[found[0]] = ours
    return raw.rename(columns=names)[list(COLUMNS)]


def _labels(texts: pd.Series[str], path: Path) -> NDArray[np.int8]:
    """Split `A|B` texts into int8 (N, 14), checked against the closed set, never by substring."""
    codes, distinct = pd.factorize(texts)
    known = {finding: column for column, finding in enumerate(NIH_FINDINGS)}
    matrix = np.zeros((len(distinct), len(NIH_FINDINGS)), dtype=np.int8)
    for row, text in enumerate(distinct):
        strange = unknown_label(text)
        if strange is not None:
            image = int(np.flatnonzero(codes == row)[0])
            raise DataError(
                f"row {image + 2} holds the unknown label {strange}", path=path, remedy=LABELS_REMEDY
            )
        for part in text.split("|"):
            if part != NO_FINDING:
                matrix[row, known[part]] = 1
    return matrix[codes]


def unknown_label(text: str) -> str | None:
    """Return, in quotes, the first part of an `A|B` text that must not stand there; None if all may."""
    parts = text.split("|")
    if parts == [NO_FINDING]:
        return None
    strange = next((part for part in parts if part not in NIH_FINDINGS), None)
    if strange is None:
        return None
    return f"'{strange}'" + (" beside a finding" if strange == NO_FINDING else "")


def counts_of(texts: pd.Series[str]) -> pd.Series[int]:
    """Read whole numbers; what is none, or cannot be meant, is null."""
    numbers = pd.to_numeric(texts.where(texts.str.fullmatch(r"\s*\d{1,4}\s*")), errors="coerce")
    return numbers.astype("Int16")


def years_of(texts: pd.Series[str]) -> pd.Series[int]:
    """Read `58`, or the first release's `058Y`, `011M`, `009D`, as whole years; the impossible is null."""
    parts = texts.str.extract(r"^\s*(\d+)\s*([YMD]?)\s*$")
    numbers = pd.to_numeric(parts[0], errors="coerce")
    years = (numbers / parts[1].map({"": 1, "Y": 1, "M": 12, "D": 365.25})) // 1
    return years.where(years <= OLDEST).astype("Int16")
