"""CSV files as people have them -> one table of texts, with just the columns that are wanted."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from cxrtune.errors import DataError

TABLE = "table"
"""A column that every table has: the name of its file, without the suffixes."""

_SEPARATORS = (",", ";", "\t", "|")


def read_tables(paths: Sequence[Path], wanted: Iterable[str], join: Sequence[str] = ()) -> pd.DataFrame:
    """Read label tables into one.

    Commas, semicolons, tabulators and bars as separators, quotes, a byte order mark and all line ends are
    understood, and so are gzipped files. Names of columns are found whatever their case and outer spaces.

    Args:
        paths: The files. Without `join` they are parts of one table, and each must have every wanted column.
        wanted: The columns.
        join: Columns by which the files' columns are put together, as far as two files share them; each row
            of the first file stays a row.

    Returns:
        The wanted columns as texts, empty where the table has nothing, and `table`, the file's name.

    Raises:
        DataError: A file is missing or no table, a column is missing or stands twice, or a row cannot be
            joined to just one.
    """
    names = [name for name in dict.fromkeys(wanted) if name != TABLE]
    if not join:
        return pd.concat([_read(path, names) for path in paths], ignore_index=True)
    frames = [_read(path, names, join) for path in paths]
    whole = frames[0]
    for path, frame in zip(paths[1:], frames[1:], strict=True):
        whole = _joined(whole, frame, join, path)
    for name in names:
        if name not in whole.columns:
            raise DataError(
                f"has no column '{name}', and neither have the other tables{_close(name, whole.columns)}",
                path=paths[0],
                remedy="Name the columns in the map as the tables do.",
            )
    return whole


def _read(path: Path, wanted: Sequence[str], join: Sequence[str] = ()) -> pd.DataFrame:
    if not path.is_file():
        raise DataError("there is no such table", path=path, remedy="Name the label table with --csv.")
    separator, header = _header(path)
    places = _places(header, [*wanted, *join], path, partly=bool(join))
    # Columns are asked for by number: names may stand twice among those that nobody wants.
    numbered = [str(number) for number in range(len(header))]
    taken = [numbered[place] for place in places.values()]
    if not taken:
        raise DataError(
            f"has none of the columns that the map names; its columns are {_some(header)}",
            path=path,
            remedy="Name another table, or its columns in the map.",
        )
    try:
        table = arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(column_names=numbered, skip_rows_after_names=1),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=taken,
                column_types=dict.fromkeys(taken, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"is no readable CSV table: {_without_row(error)}",
            path=path,
            remedy="Save it as CSV in UTF-8, one header line and one line a row.",
        ) from error
    frame: pd.DataFrame = table.rename_columns(list(places)).to_pandas()
    frame[TABLE] = path.name.split(".")[0]
    return frame.astype("str")


def _header(path: Path) -> tuple[str, list[str]]:
    """Return the separator, that which the first line has most of, and the columns' names."""
    try:
        with pa.input_stream(path) as stream:  # unpacks .gz
            first = stream.read(1 << 16).split(b"\n", 1)[0].decode("utf-8-sig").strip("\r")
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(
            "is no text in UTF-8", path=path, remedy="Save it as CSV in UTF-8 (in Excel: CSV UTF-8)."
        ) from error
    separator = max(_SEPARATORS, key=first.count)
    if not first.strip():
        raise DataError("has no header line", path=path, remedy="Name the columns in the first line.")
    return separator, [name.strip() for name in next(csv.reader([first], delimiter=separator))]


def _without_row(error: Exception) -> str:
    """Return what is wrong without the row itself, which may tell of a patient."""
    return re.sub(r"(, got \d+).*", r"\1", str(error).splitlines()[0])


def _places(header: Sequence[str], wanted: Sequence[str], path: Path, *, partly: bool) -> dict[str, int]:
    """Return where each wanted column stands; one that is missing is left out if `partly`."""
    plain = [name.casefold() for name in header]
    places: dict[str, int] = {}
    for name in dict.fromkeys(wanted):
        exact = [place for place, other in enumerate(header) if other == name]
        found = exact or [place for place, other in enumerate(plain) if other == name.strip().casefold()]
        if len(found) > 1:
            raise DataError(
                f"has {len(found)} columns '{name}'", path=path, remedy="Remove or rename all but one."
            )
        if found:
            places[name] = found[0]
        elif not partly:
            raise DataError(
                f"has no column '{name}'{_close(name, header)}; its columns are {_some(header)}",
                path=path,
                remedy="Name the column in the map as the table does.",
            )
    return places


def _joined(whole: pd.DataFrame, frame: pd.DataFrame, join: Sequence[str], path: Path) -> pd.DataFrame:
    keys = [name for name in join if name in whole.columns and name in frame.columns]
    if not keys:
        raise DataError(
            f"shares none of the columns {', '.join(join)} with the tables before it",
            path=path,
            remedy="Name the tables in another order, or other columns under join in the map.",
        )
    again = frame.duplicated(keys)
    if again.any():
        raise DataError(
            f"has two rows for one {' and '.join(keys)}, row {int(again.to_numpy().argmax()) + 2} for one",
            path=path,
            remedy="The table with a row an image comes first; of the others keep one row each.",
        )
    new = [name for name in frame.columns if name not in whole.columns]
    return whole.merge(frame[[*keys, *new]], on=keys, how="left").fillna("")


def _close(name: str, others: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(others), n=1)
    return f" (is '{near[0]}' meant?)" if near else ""


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
