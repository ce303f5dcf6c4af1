"""Numbers in texts, with a decimal point or comma -> float64, correctly rounded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

UNKNOWN = frozenset({"", "nan", "na", "n/a", "null", "none", "<na>", "#n/a"})
"""Texts that programs write for missing numbers, in lower case."""

_TRUTHS = {"true": 1.0, "false": 0.0}


def numbers(texts: pd.Series[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Parse numbers with a decimal point or comma.

    Returns:
        float64 (N,), correctly rounded, NaN where there is no number; and bool (N,), True where a text is
        neither empty nor a number.
    """
    plain = texts.str.strip()
    try:
        return _cast(plain.to_numpy(dtype=object)), np.zeros(len(plain), dtype=bool)
    except pa.ArrowException:
        values = np.array([number_of(text) for text in plain], dtype=np.float64)
    strange = np.isnan(values) & ~plain.str.casefold().isin(UNKNOWN).to_numpy(dtype=bool)
    return values, strange


def number_of(text: str) -> float:
    """Return the number in a text such as `0.5`, `0,5`, `5e-1` or `true`; NaN if it is not a number."""
    bare = text.strip().casefold()
    if bare in _TRUTHS:
        return _TRUTHS[bare]
    if "_" in bare or not bare.isascii():
        return float("nan")
    try:
        return float(bare.replace(",", ".") if "." not in bare else bare)
    except ValueError:
        return float("nan")


def _cast(texts: Sequence[str] | NDArray[np.object_]) -> NDArray[np.float64]:
    return pc.cast(pa.array(texts, pa.string()), pa.float64()).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
