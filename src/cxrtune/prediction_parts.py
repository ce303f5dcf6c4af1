"""Tables of predictions in folders: which parts they must have, and whether the parts belong together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cxrtune.errors import DataError
from cxrtune.files import write_whole
from cxrtune.prediction_file import Wanted, read_frame
from cxrtune.text_file import Tell

PARTS = "part-*.parquet"
"""File names of the parts of a table that is a folder."""

_JOINED = 512  # maximum number of parts in memory while they are joined

PLACE_KEY = b"cxrtune.part"
"""Metadata key under which a part's file states its position, as JSON."""


@dataclass(frozen=True)
class PartPlace:
    """Position of a part in a table that is a folder.

    Attributes:
        part: Index of the part, from 0.
        of: Number of parts.
        key: Key of the work that all parts come from.
    """

    part: int
    of: int
    key: str


def read_parts(folder: Path, wanted: Wanted, tell: Tell) -> tuple[pd.DataFrame, Path]:
    """Read all parts of a folder; also return the path of the first, whose model card is that of all parts.

    Raises:
        DataError: There are no parts, one is missing, or they come from different work.
    """
    paths = sorted(folder.glob(PARTS))
    if not paths:
        raise DataError("holds no parts of predictions", path=folder, remedy=f"They are named {PARTS}.")
    places = [_read_place(path) for path in paths]
    for path, place in zip(paths, places, strict=True):
        if place.key != places[0].key:
            raise DataError(
                f"was made by another model or for other images than {paths[0].name}",
                path=path,
                remedy="Keep the parts of one scoring in a folder.",
            )
    if len(paths) != places[0].of:
        raise DataError(
            f"holds {len(paths):,} of {places[0].of:,} parts",
            path=folder,
            remedy="Finish it with the same call of `cxrtune.experiment.predict`.",
        )
    return pd.concat([read_frame(path, wanted, tell) for path in paths]), paths[0]


def join_parts(parts: Sequence[Path], path: Path) -> None:
    """Join parts to one table, completely or not at all, with only some of them in memory.

    Args:
        parts: Their files, in order; all have the same columns.
        path: The table: .parquet, .csv or .jsonl.

    Raises:
        OutputError: The table cannot be written.
    """
    schema = pq.read_schema(parts[0])
    schema = schema.with_metadata({key: value for key, value in schema.metadata.items() if key != PLACE_KEY})
    groups = [parts[start : start + _JOINED] for start in range(0, len(parts), _JOINED)]
    tables = (pa.concat_tables([pq.read_table(part) for part in group]) for group in groups)
    with write_whole(path) as partial:
        if path.suffix == ".parquet":
            with pq.ParquetWriter(partial, schema) as writer:
                for table in tables:
                    writer.write_table(table.replace_schema_metadata(schema.metadata))
            return
        with partial.open("w", encoding="utf-8", newline="") as stream:
            for number, table in enumerate(tables):
                frame = table.to_pandas()
                if path.suffix == ".csv":
                    frame.to_csv(stream, index=False, header=number == 0)
                else:
                    frame.to_json(stream, orient="records", lines=True, double_precision=15)


def _read_place(path: Path) -> PartPlace:
    try:
        return PartPlace(**json.loads(pq.read_schema(path).metadata[PLACE_KEY]))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise DataError(
            "is no part of a table that cxrtune wrote, or it is damaged",
            path=path,
            remedy="Delete it, and finish the folder with the same call of `cxrtune.experiment.predict`.",
        ) from error
