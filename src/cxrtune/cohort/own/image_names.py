"""What a table says of where an image lies -> the images' names, as texts with / between folders."""

from __future__ import annotations

import re

import pandas as pd

from cxrtune.cohort.own.cohort_map import CohortMap
from cxrtune.cohort.own.label_table import row_name
from cxrtune.errors import DataError, UsageError
from cxrtune.shown import quoted, short

_FIELD = re.compile(r"\{([^{}]+?)(?::\.(\d+))?\}")


def image_columns(wanted: CohortMap) -> list[str]:
    """Return the columns that the images' names are made from.

    Raises:
        UsageError: The map's text for names has a brace that belongs to no column.
    """
    if re.search(r"[{}]", _FIELD.sub("", wanted.image)):
        raise UsageError(
            f"image: {quoted(wanted.image)} has a brace that belongs to no column",
            remedy="Write it like: p{patient:.2}/{image}.jpg",
        )
    return [match[1] for match in _FIELD.finditer(wanted.image)] or [wanted.image]


def image_names(table: pd.DataFrame, wanted: CohortMap) -> pd.Series[str]:
    """Return the name of each row's image.

    Raises:
        DataError: A row names no image, or one outside the folder of images.
    """
    names = _filled(table, wanted.image) if "{" in wanted.image else table[wanted.image]
    names = names.str.strip().str.replace("\\", "/", regex=False)
    if wanted.remove:
        names = names.str.replace(f"^(?:{wanted.remove})", "", regex=True)
    names = names.str.replace(r"^(\./)+", "", regex=True)
    nameless = names.eq("").to_numpy()
    if nameless.any():
        raise DataError(
            f"{row_name(table, int(nameless.argmax()))} of the table names no image",
            remedy="Name the image of every row, or leave such rows out with keep in the map.",
        )
    leaving = names.str.contains(r"(?:^|/)\.\.(?:/|$)", regex=True).to_numpy()
    if leaving.any():
        raise DataError(
            f"{row_name(table, int(leaving.argmax()))} of the table names an image outside the folder of"
            f" images: {short(names[leaving].iloc[0])}",
            remedy="Name images by their path in the folder given with `images`.",
        )
    return names


def _filled(table: pd.DataFrame, text: str) -> pd.Series[str]:
    names = pd.Series("", index=table.index, dtype="str")
    end = 0
    for match in _FIELD.finditer(text):
        values = table[match[1]].str.strip()
        names = names + text[end : match.start()] + (values.str[: int(match[2])] if match[2] else values)
        end = match.end()
    return names + text[end:]
