"""Check the rows of NIH ChestX-ray14's label table and convert them to a cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.cells import OLDEST, counts_of, plain_identifier, tell_unread, years_of
from cxrtune.cohort.nih_table import LabelTable, read_label_table
from cxrtune.cohort.problem import Fault, Kind, Severity, refuse_first
from cxrtune.errors import DataError
from cxrtune.findings import NIH_FINDINGS, NO_FINDING
from cxrtune.shown import quoted, short, shown
from cxrtune.text_file import Tell, untold

VIEWS: tuple[str, ...] = ("PA", "AP")
SEXES: tuple[str, ...] = ("M", "F")

_LABELS_REMEDY = f"Labels are {NO_FINDING}, or any of {', '.join(NIH_FINDINGS)}, joined by '|'."
_NIH_NAME = r"^0*(\d+)_\d{3}\.png$"
_SEVERITIES: tuple[Severity, Severity] = ("error", "warning")
_ONE_ROW = "Keep one row an image."
_NOBODY = "Name the patient: nobody can keep patients apart who are not named."
_OTHER_PATIENT = "Put NIH's patient there: one who has two identifiers may come into two splits."


def row_faults(table: LabelTable, *, of_cohort: bool = False) -> Iterator[Fault]:
    """Yield the faults of the rows of a label table.

    Args:
        table: The table.
        of_cohort: Omit faults that do not prevent a cohort from being built.
    """
    frame, path = table.frame, table.path
    image, patient = frame["image"].str.strip(), frame["patient"].str.strip()
    marked = partial(_marked, frame["image"])
    error, warning = (partial(Fault, Kind.TABLE_ROW, severity, path.name) for severity in _SEVERITIES)

    nameless = image == ""
    if nameless.any():
        whats = (f"{row} names no image" for row, _, _ in marked(nameless))
        yield error(whats, "Name the image, or remove the row.", _names_no("image", nameless, path))
    again = image.duplicated() & ~nameless
    if again.any():
        whats = (f"{row} names {name} again, expected one row an image" for row, name, _ in marked(again))
        count, first = int(again.sum()), short(image[again].iloc[0])
        refusal = f"names {count:,} images more than once, {first} for one"
        yield error(whats, _ONE_ROW, DataError(refusal, path=path, remedy=_ONE_ROW))
    if not of_cohort and (spaced := frame["image"] != image).any():
        whats = (f"{row} names '{name}', with spaces around it" for row, name, _ in marked(spaced))
        yield error(whats, "Remove the spaces.")
    if "patient" not in table.lacking:
        nobody = patient == ""
        if nobody.any():
            whats = (f"{row} ({name}) names no patient" for row, name, _ in marked(nobody))
            yield error(whats, _NOBODY, _names_no("patient", nobody, path))
        if not of_cohort:
            said = frame["image"].str.extract(_NIH_NAME)[0]
            other = said.notna() & ~nobody & (patient.str.lstrip("0") != said)
            whats = (
                f"{row} ({name}) has another patient than its name says" for row, name, _ in marked(other)
            )
            yield warning(whats, _OTHER_PATIENT)
    if "labels" not in table.lacking:
        yield from _label_faults(table)
    for name in () if of_cohort else ("sex", "view", "age"):
        if name not in table.lacking:
            yield _unread(table, name, _CELLS[name])


def _marked(image: pd.Series[str], rows: pd.Series[bool]) -> Iterator[tuple[str, str, int]]:
    """Yield the row names, images and positions of the marked rows."""
    for place in np.flatnonzero(rows.to_numpy(dtype=bool)):
        yield f"row {image.index[int(place)]:,}", shown(image.iloc[place]), int(place)


def _names_no(what: str, rows: pd.Series[bool], path: Path) -> DataError:
    first = rows.index[rows.to_numpy(dtype=bool)].tolist()[0]
    return DataError(f"row {first:,} names no {what}", path=path, remedy="Mend or remove the row.")


def _label_faults(table: LabelTable) -> Iterator[Fault]:
    texts = table.frame["labels"]
    codes, distinct = pd.factorize(texts)
    strange = {
        code: label for code, text in enumerate(distinct) if (label := unknown_label(text)) is not None
    }
    if not strange:
        return
    rows = pd.Series(np.isin(codes, list(strange)), index=texts.index)
    first = next(iter(strange))
    refusal = f"row {texts.index[int(np.argmax(codes == first))]:,} holds the unknown label {strange[first]}"
    whats = (
        f"{row} ({name}) holds the unknown label {shown(label)}{_meant(label)}"
        for row, name, place in _marked(table.frame["image"], rows)
        if (label := strange[codes[place]])
    )
    error = DataError(refusal, path=table.path, remedy=_LABELS_REMEDY)
    yield Fault(Kind.LABEL, "error", table.path.name, whats, _LABELS_REMEDY, error)


def unknown_label(text: str) -> str | None:
    """Return, in quotes, the first unknown label of an `A|B` text; None if all are known."""
    parts = text.split("|")
    if parts == [NO_FINDING]:
        return None
    strange = next((part for part in parts if part not in NIH_FINDINGS), None)
    if strange is None:
        return None
    return quoted(strange) + (" beside a finding" if strange == NO_FINDING else "")


def _meant(label: str) -> str:
    def bare(text: str) -> str:
        return "".join(letter for letter in text.casefold() if letter.isalpha())

    for known in (NO_FINDING, *NIH_FINDINGS):
        if bare(known) == bare(label) and known not in label:
            return f"; perhaps '{known}' is meant"
    return ""


@dataclass(frozen=True)
class _Cells:
    """A kind of cell whose unreadable values a cohort treats as missing.

    Attributes:
        plural: Plural name of the cells' contents.
        read: Converts texts to values, null where there is no value.
        expected: Description of valid cells.
        kind: Kind of problem of an unreadable cell.
        remedy: What to do about it.
    """

    plural: str
    read: Callable[[pd.Series[str]], pd.Series]
    expected: str = ""
    kind: Kind = Kind.TABLE_ROW
    remedy: str = ""


def _one_of(allowed: Sequence[str], texts: pd.Series[str]) -> pd.Series[str]:
    bare = texts.str.strip()
    return bare.where(bare.isin(allowed))


_CELLS = {
    "view": _Cells(
        "views",
        partial(_one_of, VIEWS),
        "PA or AP",
        remedy="Correct it, or know that no subgroup by view holds the image.",
    ),
    "sex": _Cells(
        "sexes",
        partial(_one_of, SEXES),
        "M or F",
        remedy="Correct it, or know that no subgroup by sex holds the image.",
    ),
    "age": _Cells(
        "ages",
        years_of,
        f"0 to {OLDEST} years",
        Kind.AGE,
        "cxrtune takes such an age as not known; NIH's release v2020 has mended those of 2017.",
    ),
    "followup": _Cells("follow-up numbers", counts_of),
}


def _unread(table: LabelTable, name: str, cells: _Cells) -> Fault:
    texts = table.frame[name]
    whats = (
        f"{row} ({image}) has the {name} {quoted(texts.iloc[place])}, expected {cells.expected}"
        for row, image, place in _marked(table.frame["image"], cells.read(texts).isna())
    )
    return Fault(cells.kind, "warning", table.path.name, whats, cells.remedy)


def read_table(path: Path, tell: Tell = untold) -> pd.DataFrame:
    """Read NIH's label table for a cohort.

    Args:
        path: `Data_Entry_2017.csv`, `Data_Entry_2017_v2020.csv` or Kaggle's `sample_labels.csv`, possibly
            gzipped.
        tell: Receives messages about anything that is not read as written.

    Returns:
        Columns image, patient, view, sex, age, followup and the fourteen findings (int8, 1 or 0).

    Raises:
        DataError: A column is missing, a label is unknown, an image is listed twice or its name is empty,
            or a row has no patient.
    """
    table = read_label_table(path, tell)
    refuse_first(row_faults(table, of_cohort=True))
    raw = table.frame
    image = raw["image"].str.strip()
    frame = pd.DataFrame({"image": image, "patient": _patients(raw["patient"].str.strip(), image, tell)})
    for name, cells in _CELLS.items():
        frame[name] = cells.read(raw[name])
        tell_unread(cells.plural, raw[name], frame[name].isna().to_numpy(dtype=bool), tell)
    labels = _labels(raw["labels"])
    for column, finding in enumerate(NIH_FINDINGS):
        frame[finding] = pd.array(labels[:, column], dtype="Int8")
    return frame.reset_index(drop=True)


def _patients(patients: pd.Series[str], images: pd.Series[str], tell: Tell) -> pd.Series[str]:
    """Return the patients as NIH writes them: whole numbers without leading zeros."""
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


def _labels(texts: pd.Series[str]) -> NDArray[np.int8]:
    """Split `A|B` texts of known labels into int8 (N, 14), 1 present or 0 absent."""
    codes, distinct = pd.factorize(texts)
    rows = [[finding in text.split("|") for finding in NIH_FINDINGS] for text in distinct]
    return np.array(rows, dtype=np.int8).reshape(-1, len(NIH_FINDINGS))[codes]
