"""Read a user's CSV files into one table of text that has only the requested columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cxrtune.cohort.cells import plain_identifier
from cxrtune.csv_table import near, open_csv
from cxrtune.errors import DataError
from cxrtune.shown import listed, quoted
from cxrtune.text_file import Tell

TABLE = "table"
"""A column that every table has: the name of its file, without suffixes."""

_NAME_IT = "Name the column in the map as the table does."


def read_tables(
    paths: Sequence[Path], wanted: Iterable[str], tell: Tell, join: Sequence[str] = ()
) -> pd.DataFrame:
    """Read label tables, in any format that `open_csv` supports, into one table.

    Args:
        paths: The files. Without `join` they are parts of one table, and each must have all of `wanted`.
        wanted: The requested columns.
        tell: Receives messages about anything that is not read as written, and about rows without a match.
        join: Columns by which the files are joined, as far as two files share them; each row of the first
            file remains one row.

    Returns:
        The requested columns as text, empty where the table has no value, and `table`, the file's name. The
        index holds the row numbers of each file, and so may not be unique.

    Raises:
        DataError: A file is missing or is not a table, a column is missing or occurs twice, a row
            matches several rows of another file, or no rows match.
    """
    names = [name for name in dict.fromkeys(wanted) if name != TABLE]
    if not join:
        return pd.concat([_read(path, names, tell) for path in paths])
    frames = [_read(path, names, tell, join) for path in paths]
    whole = frames[0]
    for path, frame in zip(paths[1:], frames[1:], strict=True):
        whole = _joined(whole, frame, join, path, tell)
    for name in names:
        if name not in whole.columns:
            raise DataError(
                f"has no column {quoted(name)}, and neither have the other tables{near(name, whole.columns)}",
                path=paths[0],
                remedy="Name the columns in the map as the tables do.",
            )
    return whole


def row_name(table: pd.DataFrame, place: int) -> str:
    """Return how messages refer to a row: by its number, and by its file if there are several."""
    row = f"row {table.index[place]:,}"
    files = table[TABLE]
    return f"{row} of {files.iloc[place]}" if files.nunique() > 1 else row


def _read(path: Path, wanted: Sequence[str], tell: Tell, join: Sequence[str] = ()) -> pd.DataFrame:
    if not path.is_file():
        raise DataError("there is no such table", path=path, remedy="Name the label table with `tables`.")
    table = open_csv(path, tell)
    places = table.places([*wanted, *join], partly=bool(join), remedy=_NAME_IT)
    if not places:
        raise DataError(
            f"has none of the columns that the map names; its columns are {listed(table.header)}",
            path=path,
            remedy="Name another table, or its columns in the map.",
        )
    frame = table.read(places)
    frame[TABLE] = path.name.split(".")[0]
    return frame.astype("str")


def _joined(
    whole: pd.DataFrame, frame: pd.DataFrame, join: Sequence[str], path: Path, tell: Tell
) -> pd.DataFrame:
    keys = [name for name in join if name in whole.columns and name in frame.columns]
    if not keys:
        raise DataError(
            f"shares none of the columns {listed(join)} with the tables before it",
            path=path,
            remedy="Name the tables in another order, or other columns under join in the map.",
        )
    theirs, ours = _keys(frame, keys), _keys(whole, keys)
    if theirs.has_duplicates:
        again = int(theirs.duplicated().argmax())
        raise DataError(
            f"has two rows for one {' and '.join(keys)}, {row_name(frame, again)} for one",
            path=path,
            remedy="The table with a row an image comes first; of the others keep one row each.",
        )
    partner = theirs.get_indexer(ours)
    if len(whole) and (partner < 0).all():
        raise DataError(
            f"has no row with the {' and '.join(keys)} of any row of the tables before it",
            path=path,
            remedy="These tables do not belong together, or write these columns differently.",
        )
    _tell_lonely(partner, whole, frame, path, tell)
    joined = whole.copy()
    for name in frame.columns:
        if name not in whole.columns:
            cells = frame[name].to_numpy(dtype=object)[np.maximum(partner, 0)]
            joined[name] = pd.Series(np.where(partner >= 0, cells, ""), index=whole.index, dtype="str")
    return joined


def _keys(frame: pd.DataFrame, names: Sequence[str]) -> pd.Index:
    """Return the keys to join rows by; identifiers may be written with leading zeros or with `.0`."""
    columns = []
    for name in names:
        codes, distinct = pd.factorize(frame[name])
        columns.append(np.array([plain_identifier(str(text)) for text in distinct], dtype=object)[codes])
    return pd.Index(columns[0]) if len(columns) == 1 else pd.MultiIndex.from_arrays(columns)


def _tell_lonely(
    partner: np.ndarray[tuple[int], np.dtype[np.intp]],
    whole: pd.DataFrame,
    frame: pd.DataFrame,
    path: Path,
    tell: Tell,
) -> None:
    lonely = partner < 0
    if lonely.any():
        tell(
            f"{int(lonely.sum()):,} rows, {row_name(whole, int(lonely.argmax()))} for one, have no partner in"
            f" {path.name}: its columns are empty there"
        )
    unused = np.ones(len(frame), dtype=bool)
    unused[partner[~lonely]] = False
    if unused.any():
        tell(
            f"{int(unused.sum()):,} rows of {path.name}, row {frame.index[unused][0]:,} for one, have no"
            " partner in the tables before it and are not read"
        )
