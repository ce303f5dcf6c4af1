"""NIH ChestX-ray14 as NIH and Kaggle ship it -> one table in cxrtune's own columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.cells import counts_of, tell_unread, years_of
from cxrtune.cohort.patients import plain_identifier
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table
from cxrtune.csv_table import columns_of, open_csv
from cxrtune.errors import DataError
from cxrtune.findings import NIH_FINDINGS, NO_FINDING
from cxrtune.shown import listed, quoted, short, shown
from cxrtune.text_file import Tell, untold

TABLE_NAMES: tuple[str, ...] = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv", "sample_labels.csv")
"""NIH's two releases, and Kaggle's sample of 5,606 images; the first that is there is read."""

TABLE_REMEDY = "Use NIH's table as it was published."
VIEWS: tuple[str, ...] = ("PA", "AP")
SEXES: tuple[str, ...] = ("M", "F")
LABELS_REMEDY = f"Labels are {NO_FINDING}, or any of {', '.join(NIH_FINDINGS)}, joined by '|'."

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
        DataError: The folder does not exist, it holds several tables with NIH's columns and none has NIH's
            name, or there is none at all.
    """
    if not folder.is_dir():
        raise DataError(
            "there is no such data folder",
            path=folder,
            remedy="Name the folder with NIH's images with `data`.",
        )
    for name in TABLE_NAMES:
        if (folder / name).is_file():
            return folder / name
    others = other_tables(folder, None)
    if len(others) > 1:
        raise DataError(
            f"holds {len(others):,} tables with NIH's columns, {listed(path.name for path in others)}",
            path=folder,
            remedy=f"Name the one that is meant {TABLE_NAMES[0]}.",
        )
    if others:
        return others[0]
    shipped = shipped_table(NIH_TABLE)
    if shipped is not None:
        return shipped
    raise DataError(
        f"holds no label table ({' or '.join(TABLE_NAMES)})",
        path=folder,
        remedy="Put NIH's table there, or install torchxrayvision, which ships it.",
    )


def other_tables(folder: Path, used: Path | None) -> list[Path]:
    """Return the folder's tables with NIH's columns, but for the one that is used, by name."""
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name.lower().endswith((".csv", ".csv.gz", ".tsv"))
        and path != used
        and path.is_file()
        and _has_nihs_columns(columns_of(path))
    ]


def tell_choice(folder: Path, used: Path, tell: Tell) -> None:
    """Say which label table is read where that is not plain, and which others are not."""
    others = other_tables(folder, used)
    if used.parent != folder:
        tell(f"there is no label table in the folder: torchxrayvision's copy of NIH's is read ({used.name})")
    elif used.name not in TABLE_NAMES:
        tell(f"{shown(used.name)} is read as the label table, as it has NIH's columns")
    if others:
        tell(f"{listed(path.name for path in others)} has NIH's columns too and is not read")


def _has_nihs_columns(header: tuple[str, ...]) -> bool:
    there = {name.casefold() for name in header}
    return all(any(name.casefold() in there for name in names) for names in COLUMNS.values())


def read_table(path: Path, tell: Tell = untold) -> pd.DataFrame:
    """Read NIH's label table.

    Args:
        path: `Data_Entry_2017.csv`, `Data_Entry_2017_v2020.csv` or Kaggle's `sample_labels.csv`, possibly
            gzipped.
        tell: Told of what is not read as it stands there.

    Returns:
        Columns image, patient, view, sex, age, followup and the fourteen findings (int8, 1 or 0).

    Raises:
        DataError: A column is missing, a label is unknown, an image is named twice or not at all, or a row
            has no patient.
    """
    raw = _read_raw(path, tell)
    image, patient = raw["image"].str.strip(), raw["patient"].str.strip()
    for what, texts in (("image", image), ("patient", patient)):
        without = texts.eq("").to_numpy(dtype=bool)
        if without.any():
            raise DataError(
                f"row {raw.index[without][0]:,} names no {what}", path=path, remedy="Mend or remove the row."
            )
    again = image[image.duplicated()]
    if len(again):
        raise DataError(
            f"names {len(again):,} images more than once, {short(again.iloc[0])} for one",
            path=path,
            remedy="Keep one row an image.",
        )
    frame = pd.DataFrame({"image": image, "patient": _patients(patient, image, tell)})
    for name, what, allowed in (("view", "views", VIEWS), ("sex", "sexes", SEXES)):
        texts = raw[name].str.strip()
        known = texts.isin(allowed)
        frame[name] = texts.where(known)
        tell_unread(what, texts, ~known.to_numpy(dtype=bool), tell)
    for name, what, read in (("age", "ages", years_of), ("followup", "follow-up numbers", counts_of)):
        frame[name] = read(raw[name])
        tell_unread(what, raw[name], frame[name].isna().to_numpy(dtype=bool), tell)
    labels = _labels(raw["labels"], path)
    for column, finding in enumerate(NIH_FINDINGS):
        frame[finding] = pd.array(labels[:, column], dtype="Int8")
    return frame.reset_index(drop=True)


def _read_raw(path: Path, tell: Tell) -> pd.DataFrame:
    table = open_csv(path, tell, TABLE_REMEDY)
    there = {name.casefold() for name in table.header}
    theirs = {
        ours: next((name for name in names if name.casefold() in there), names[0])
        for ours, names in COLUMNS.items()
    }
    places = table.places(theirs.values(), remedy=TABLE_REMEDY)
    return table.read({ours: places[name] for ours, name in theirs.items()})


def _patients(patients: pd.Series[str], images: pd.Series[str], tell: Tell) -> pd.Series[str]:
    """Return the patients as NIH writes them, whole numbers without zeros before them."""
    codes, distinct = pd.factorize(patients)
    plain = np.array([plain_identifier(str(text)) for text in distinct], dtype=object)
    ours = pd.Series(plain[codes], index=patients.index, dtype="str")
    changed = (ours != patients).to_numpy(dtype=bool)
    if changed.any():
        tell(
            f"the patients of {int(changed.sum()):,} images, that of {short(images[changed].iloc[0])} for"
            " one, are not written as NIH writes them, and are read as whole numbers"
        )
    return ours


def _labels(texts: pd.Series[str], path: Path) -> NDArray[np.int8]:
    """Split `A|B` texts into int8 (N, 14), checked against the closed set, never by substring."""
    codes, distinct = pd.factorize(texts)
    known = {finding: column for column, finding in enumerate(NIH_FINDINGS)}
    matrix = np.zeros((len(distinct), len(NIH_FINDINGS)), dtype=np.int8)
    for row, text in enumerate(distinct):
        strange = unknown_label(text)
        if strange is not None:
            first = texts.index[np.flatnonzero(codes == row)[0]]
            raise DataError(
                f"row {first:,} holds the unknown label {strange}", path=path, remedy=LABELS_REMEDY
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
    return quoted(strange) + (" beside a finding" if strange == NO_FINDING else "")
