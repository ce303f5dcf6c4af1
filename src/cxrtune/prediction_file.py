"""Files with predictions -> the wanted columns, in their stored precision."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from cxrtune.csv_table import open_csv
from cxrtune.errors import DataError
from cxrtune.number_texts import UNKNOWN, numbers
from cxrtune.prediction_affixes import Affix, find_affix
from cxrtune.prediction_columns import (
    IMAGE_COLUMNS,
    PATIENT_COLUMNS,
    columns_of_findings,
    find_column,
    find_image_column,
)
from cxrtune.shown import listed, quoted, short
from cxrtune.text_file import Tell, read_lines

NO_TABLE_REMEDY = "Name a table that predict wrote, or any with a column 'image' and a column a finding."
_FORMATS_REMEDY = "Tables are read from .parquet, .jsonl or .csv, by the suffix."


class Columns(NamedTuple):
    """The columns that are read: images, patients if there are any, and findings.

    `affix` is the prefix and suffix of the findings' names; `unread` contains the names of the other columns,
    without the affix.
    """

    image: str
    patient: str | None
    findings: dict[str, str]
    affix: Affix
    unread: tuple[str, ...]

    def names(self) -> list[str]:
        """Return all of these columns."""
        return [self.image, *([self.patient] if self.patient else []), *self.findings.values()]


@dataclass(frozen=True)
class Naming:
    """Names of a table's columns, as far as specified by the user.

    Attributes:
        before: Prefix of the findings' names.
        after: Suffix of the findings' names.
        image: The column with the image names; empty to detect it.
    """

    before: str = ""
    after: str = ""
    image: str = ""


Wanted = Callable[[Sequence[str]], Sequence[str]]


def choose_columns(names: Sequence[str], *, findings: tuple[str, ...], naming: Naming, path: Path) -> Columns:
    """Choose the columns to read.

    Raises:
        DataError: The column of images or those of all findings are missing, or the choice is ambiguous.
    """
    image = _image_column(names, naming, path)
    affix = Affix(naming.before, naming.after)
    columns = columns_of_findings(names, findings, affix, path)
    if not columns and affix == Affix():
        affix = find_affix(names, findings, path) or affix
        columns = columns_of_findings(names, findings, affix, path)
    if not columns:
        raise DataError(
            f"has no column for any of the findings, such as {quoted(affix.around(findings[0]))}; its columns"
            f" are {listed(names, 8)}",
            path=path,
            remedy="If something stands before or after the findings' names, say what: `column_prefix`,"
            " `column_suffix`",
        )
    patient = find_column(names, PATIENT_COLUMNS)
    read = {image, patient, *columns.values()}
    unread = tuple(affix.taken_off(name) or name for name in names if name not in read)
    return Columns(image, patient, columns, affix, unread)


def _image_column(names: Sequence[str], naming: Naming, path: Path) -> str:
    if naming.image:
        column = find_column(names, [naming.image])
        if column is None:
            raise DataError(
                f"has no column {quoted(naming.image)}; its columns are {listed(names, 8)}",
                path=path,
                remedy="To name the column of one model's table only, write `image_columns` NAME=COLUMN.",
            )
        return column
    column = find_image_column(names, path)
    if column is None:
        raise DataError(
            f"has no column 'image'; its columns are {listed(names, 8)}",
            path=path,
            remedy="Name the column with the images' file names with `image_columns`, or call it 'image'.",
        )
    return column


def tell_choice(columns: Columns, naming: Naming, path: Path, tell: Tell) -> None:
    """Report which columns are used although their names differ from ours."""
    affix = columns.affix
    if affix != Affix(naming.before, naming.after):
        tell(f"{path.name}: columns are read as {quoted(affix.around('FINDING'))}")
    if not naming.image and columns.image.strip().casefold() not in map(str.casefold, IMAGE_COLUMNS):
        tell(f"{path.name}: column {quoted(columns.image)} is taken for the images' names")


def read_frame(path: Path, wanted: Wanted, tell: Tell, *, what: str = "table of predictions") -> pd.DataFrame:
    """Read columns of a table; the index contains the row numbers of the file.

    Args:
        path: A Parquet, CSV or JSON-lines file; the suffix decides.
        wanted: Given the names of all columns, returns those to read.
        tell: Called with a message about what is not read as written.
        what: What the table is, for errors.

    Raises:
        DataError: The file is not a table, or lacks the columns.
    """
    if not path.is_file():
        raise DataError(f"there is no such {what}", path=path, remedy=NO_TABLE_REMEDY)
    try:
        match path.suffix:
            case ".parquet":
                names = list(wanted(pq.read_schema(path).names))
                # Without the metadata of pandas: an index is a column here, too.
                frame: pd.DataFrame = pq.read_table(path, columns=names).to_pandas(ignore_metadata=True)
                return frame.set_axis(pd.RangeIndex(1, len(frame) + 1))
            case ".jsonl":
                lines = enumerate(read_lines(path, _FORMATS_REMEDY, tell), start=1)
                rows = {number: json.loads(line) for number, line in lines}
                if not all(isinstance(row, dict) for row in rows.values()):
                    raise ValueError("a line is no object of column names and values")
                frame = pd.DataFrame(list(rows.values()), index=list(rows))
                return frame[list(wanted(list(map(str, frame.columns))))]
            case _:
                table = open_csv(path, tell, _FORMATS_REMEDY)
                return table.read(table.places(wanted(table.header), remedy=_FORMATS_REMEDY))
    except (ValueError, OSError, EOFError, pa.ArrowException) as error:
        raise DataError(
            f"is no {what}: {(str(error).splitlines() or ['damaged'])[0]}",
            path=path,
            remedy=_FORMATS_REMEDY,
        ) from error


def require_names(names: pd.Series[Any], path: Path) -> None:
    """Refuse rows without an image, or with an image that occurred before.

    Raises:
        DataError: There is such a row; the message contains its number.
    """
    nameless = (names.isna() | names.astype(str).str.strip().eq("")).to_numpy(dtype=bool)
    if nameless.any():
        raise DataError(
            f"has no image name in row {names.index[nameless][0]:,}",
            path=path,
            remedy="Name the image of every row.",
        )
    again = names[names.duplicated()]
    if len(again):
        raise DataError(
            f"names the image {short(again.iloc[0])} more than once, in row {again.index[0]:,} again",
            path=path,
            remedy="Keep one row an image.",
        )


def patients_of(frame: pd.DataFrame, column: str | None) -> NDArray[np.object_]:
    """Return the patient identifiers as texts, object (N,), None where not known."""
    patients = np.full(len(frame), None, dtype=object)
    if column is not None:
        given = frame[column]
        known = (given.notna() & ~given.astype(str).str.strip().str.casefold().isin(UNKNOWN)).to_numpy(bool)
        patients[known] = given[known].astype(str).to_numpy(dtype=object)
    return patients


def scores_of(column: pd.Series[Any], path: Path) -> NDArray[np.floating]:
    """Read a column in its stored precision: rounding to float32 would create ties.

    Returns:
        float32 or float64 (N,), in [0, 1], NaN where not known.

    Raises:
        DataError: A cell is not a number, or is outside this range.
    """
    values: NDArray[np.floating]
    if is_numeric_dtype(column.dtype):  # includes booleans
        kind = np.float32 if str(column.dtype).lower() == "float32" else np.float64
        values = column.astype("Float64").to_numpy(dtype=kind, na_value=np.nan)
        strange = np.zeros(len(values), dtype=bool)
    else:
        values, strange = numbers(column.astype("str").fillna(""))
    if strange.any():
        first = int(strange.argmax())
        raise DataError(
            f"column {quoted(column.name)} holds {quoted(column.iloc[first])} in row {column.index[first]:,},"
            " which is no number",
            path=path,
            remedy="Leave what is not known empty.",
        )
    outside = (values < 0) | (values > 1)
    if outside.any():
        first = int(outside.argmax())
        raise DataError(
            f"column {quoted(column.name)} holds {values[first]:g} in row {column.index[first]:,}; a"
            " probability is in [0, 1]",
            path=path,
            remedy=_to_probabilities(values),
        )
    return values


def _to_probabilities(values: NDArray[np.floating]) -> str:
    """Return a hint on how to convert these numbers to probabilities."""
    known = values[~np.isnan(values)]
    if known.min() >= 0 and known.max() <= 100:
        return "If these are per cent, divide by 100; if logits, apply the logistic function first."
    return "If these are logits, apply the logistic function first; other scores need a scale in [0, 1]."
