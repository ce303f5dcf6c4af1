"""A table's labels -> 1, 0 or not known, by a map."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.own.cohort_map import CohortMap, LabelList, Uncertain, Values
from cxrtune.errors import DataError

Labels = NDArray[np.float32]

_UNKNOWN, _UNCERTAIN = np.float32(np.nan), np.float32(-1)
_TAKEN_FOR: dict[Uncertain, np.float32] = {
    "positive": np.float32(1),
    "negative": np.float32(0),
    "unknown": _UNKNOWN,
}


def label_columns(wanted: CohortMap) -> list[str]:
    """Return the columns that labels are read from."""
    columns = [wanted.labels.column] if wanted.labels is not None else list(wanted.findings.values())
    return columns + ([wanted.all_absent] if wanted.all_absent else [])


def left_out(table: pd.DataFrame, wanted: CohortMap) -> NDArray[np.bool_]:
    """Return which rows a map leaves out, by what they hold or by their labels, bool (N,)."""
    out = np.zeros(len(table), dtype=bool)
    for column, values in wanted.keep.items():
        out |= ~table[column].str.strip().str.casefold().isin(_plain(values)).to_numpy(dtype=bool)
    if wanted.labels is not None and wanted.labels.leave_out:
        codes, distinct = pd.factorize(table[wanted.labels.column].str.strip())
        unwanted = set(_plain(wanted.labels.leave_out))
        spoilt = [not unwanted.isdisjoint(_parts(str(text), wanted.labels)) for text in distinct]
        out |= np.array(spoilt, dtype=bool)[codes]
    return out


def read_labels(table: pd.DataFrame, wanted: CohortMap) -> Labels:
    """Read the labels of all rows.

    Returns:
        float32 (N, F), 1 present, 0 absent, -1 uncertain, NaN where not known.

    Raises:
        DataError: A column holds what the map does not know.
    """
    if wanted.labels is not None:
        labels = _of_list(table, wanted.labels)
    else:
        columns = [_of_column(table[name], wanted.values, name) for name in wanted.findings.values()]
        labels = np.stack(columns, axis=1)
    if wanted.all_absent is not None:
        healthy = _of_column(table[wanted.all_absent], wanted.values, wanted.all_absent) == 1
        labels[healthy[:, None] & np.isnan(labels)] = 0
    return labels


def settle(labels: Labels, uncertain: Uncertain) -> tuple[Labels, int]:
    """Return the labels with the uncertain ones taken for what was decided, and how many these are."""
    open_ones = labels == _UNCERTAIN
    return np.where(open_ones, _TAKEN_FOR[uncertain], labels), int(open_ones.sum())


def by_majority(labels: Labels, images: NDArray[np.intp]) -> Labels:
    """Join the readings of each image: what more than half of the readers who know it say.

    Args:
        labels: float32 (R, F), a row a reading.
        images: intp (R,), which of N images a reading is of.

    Returns:
        float32 (N, F); -1, uncertain, where as many say present as absent, or the most are uncertain.
    """
    count = int(images.max()) + 1
    votes = np.zeros((3, count, labels.shape[1]), dtype=np.int32)
    for place, value in enumerate((1, 0, -1)):
        np.add.at(votes[place], images, labels == value)
    present, absent, _ = votes
    known = votes.sum(axis=0)
    joined = np.where(2 * present > known, 1, np.where(2 * absent > known, 0, _UNCERTAIN)).astype(np.float32)
    joined[known == 0] = _UNKNOWN
    return joined


def _of_column(column: pd.Series[str], values: Values, name: str) -> Labels:
    # Few texts are written in many ways: what they mean is looked up once each.
    codes, distinct = pd.factorize(column)
    meaning = (
        dict.fromkeys(_plain(values.present), np.float32(1))
        | dict.fromkeys(_plain(values.absent), np.float32(0))
        | dict.fromkeys(_plain(values.uncertain), _UNCERTAIN)
        | dict.fromkeys(_plain(values.unknown), _UNKNOWN)
    )
    texts = _plain(tuple(map(str, distinct)))
    for number, text in enumerate(texts):
        if text not in meaning:
            row = int(np.flatnonzero(codes == number)[0])
            raise DataError(
                f"column '{name}' holds '{column.iloc[row]}' in row {column.index[row] + 2},"
                " which the map does not know",
                remedy=f"Say under values in the map what it means; known are {_known(values)}.",
            )
    return np.array([meaning[text] for text in texts], dtype=np.float32)[codes]


def _of_list(table: pd.DataFrame, wanted: LabelList) -> Labels:
    codes, distinct = pd.factorize(table[wanted.column].str.strip())
    means: dict[str, list[int]] = {}
    for place, labels in enumerate(wanted.labels.values()):
        for label in _plain(labels):
            means.setdefault(label, []).append(place)
    rows = np.zeros((len(distinct), len(wanted.labels)), dtype=np.float32)
    unknown = set(_plain(wanted.unknown))
    for row, text in enumerate(distinct):
        if str(text).casefold() in unknown:
            rows[row] = _UNKNOWN
            continue
        for label in _parts(str(text), wanted):
            rows[row, means.get(label, [])] = 1
    return rows[codes]


def _parts(text: str, wanted: LabelList) -> set[str]:
    parts = text.strip(wanted.strip).split(wanted.separator)
    return {part.strip().strip(wanted.strip).strip().casefold() for part in parts}


def _plain(texts: tuple[str, ...]) -> list[str]:
    return [text.strip().casefold() for text in texts]


def _known(values: Values) -> str:
    every = (*values.present, *values.absent, *values.uncertain, *values.unknown)
    return ", ".join(text if text else "nothing at all" for text in every)
