"""A file with predictions -> the columns that are wanted, in the precision that they have."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
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
from cxrtune.prediction_columns import IMAGE_COLUMNS, PATIENT_COLUMNS, columns_of_findings, find_column
from cxrtune.shown import listed, quoted, short
from cxrtune.text_file import Tell, read_lines

NO_TABLE_REMEDY = "Name a table that predict wrote, or any with a column 'image' and a column a finding."
_FORMATS_REMEDY = "Tables are read from .parquet, .jsonl or .csv, by the suffix."


class Columns(NamedTuple):
    """The columns that are read: those of images, of patients if there is one, and of findings."""

    image: str
    patient: str | None
    findings: dict[str, str]

    def names(self) -> list[str]:
        """Return them all."""
        return [self.image, *([self.patient] if self.patient else []), *self.findings.values()]


Choose = Callable[[Sequence[str]], Columns]


def choose_columns(names: Sequence[str], *, findings: tuple[str, ...], prefix: str, path: Path) -> Columns:
    """Choose the columns that are read.

    Raises:
        DataError: There is none of images, or none of any finding.
    """
    image = find_column(names, IMAGE_COLUMNS)
    if image is None:
        raise DataError(
            f"has no column 'image'; its columns are {listed(names, 8)}",
            path=path,
            remedy="Name the column with the images' file names 'image'.",
        )
    columns = columns_of_findings(names, findings, prefix, path)
    if not columns:
        raise DataError(
            f"has no column for any of the findings, such as {quoted(prefix + findings[0])}",
            path=path,
            remedy="If the columns have a prefix, name it with --column-prefix.",
        )
    return Columns(image, find_column(names, PATIENT_COLUMNS), columns)


def read_frame(path: Path, choose: Choose, tell: Tell) -> pd.DataFrame:
    """Read the columns that are chosen; the index numbers the rows as they are numbered in the file.

    Raises:
        DataError: The file is no table, or has not the columns.
    """
    if not path.is_file():
        raise DataError("there is no such file of predictions", path=path, remedy=NO_TABLE_REMEDY)
    try:
        match path.suffix:
            case ".parquet":
                wanted = choose(pq.read_schema(path).names).names()
                # Without what pandas wrote of itself: an index is a column here, whatever made it one.
                frame: pd.DataFrame = pq.read_table(path, columns=wanted).to_pandas(ignore_metadata=True)
                return frame.set_axis(pd.RangeIndex(1, len(frame) + 1))
            case ".jsonl":
                lines = enumerate(read_lines(path, _FORMATS_REMEDY, tell), start=1)
                rows = {number: json.loads(line) for number, line in lines}
                if not all(isinstance(row, dict) for row in rows.values()):
                    raise ValueError("a line is no object of column names and values")
                frame = pd.DataFrame(list(rows.values()), index=list(rows))
                return frame[choose(list(map(str, frame.columns))).names()]
            case _:
                table = open_csv(path, tell, _FORMATS_REMEDY)
                return table.read(table.places(choose(table.header).names(), remedy=_FORMATS_REMEDY))
    except (ValueError, OSError, EOFError, pa.ArrowException) as error:
        raise DataError(
            f"is no table of predictions: {(str(error).splitlines() or ['damaged'])[0]}",
            path=path,
            remedy=_FORMATS_REMEDY,
        ) from error


def require_names(names: pd.Series[Any], path: Path) -> None:
    """Refuse rows without an image, or with one that was named before.

    Raises:
        DataError: There is one; it is named by its row.
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
    """Return the patients' identifiers as texts, object (N,), None where not known."""
    patients = np.full(len(frame), None, dtype=object)
    if column is not None:
        given = frame[column]
        known = (given.notna() & ~given.astype(str).str.strip().str.casefold().isin(UNKNOWN)).to_numpy(bool)
        patients[known] = given[known].astype(str).to_numpy(dtype=object)
    return patients


def scores_of(column: pd.Series[Any], path: Path) -> NDArray[np.floating]:
    """Read a column in the precision that it has: what is rounded to float32 makes ties that were none.

    Returns:
        float32 or float64 (N,), in [0, 1], NaN where not known.

    Raises:
        DataError: A cell is no number, or outside.
    """
    values: NDArray[np.floating]
    if is_numeric_dtype(column.dtype):  # truths too
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
            remedy="If these are logits, apply the logistic function first.",
        )
    return values
