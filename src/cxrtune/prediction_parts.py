"""A table of predictions that is a folder: which parts it must have, and that they belong together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cxrtune.errors import DataError
from cxrtune.prediction_file import Wanted, read_frame
from cxrtune.text_file import Tell

PARTS = "part-*.parquet"
"""The files of a table that is a folder."""

PLACE_KEY = b"cxrtune.part"
"""Under what a part's file says where it stands, as JSON."""


@dataclass(frozen=True)
class PartPlace:
    """Where a part stands in a table that is a folder.

    Attributes:
        part: Its number, from 0.
        of: How many there are.
        key: Of the work that all of them come from.
    """

    part: int
    of: int
    key: str


def read_parts(folder: Path, wanted: Wanted, tell: Tell) -> tuple[pd.DataFrame, Path]:
    """Read all parts of a folder, and name the first, which says of the model what all of them say.

    Raises:
        DataError: There is none, one is missing, or they are of different work.
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


def _read_place(path: Path) -> PartPlace:
    try:
        return PartPlace(**json.loads(pq.read_schema(path).metadata[PLACE_KEY]))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise DataError(
            "is no part of a table that cxrtune wrote, or it is damaged",
            path=path,
            remedy="Delete it, and finish the folder with the same call of `cxrtune.experiment.predict`.",
        ) from error
