"""Convert a table's labels to 1, 0 or not known, as defined by a map."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.cells import plain
from cxrtune.cohort.own.cohort_map import CohortMap, Uncertain
from cxrtune.cohort.own.label_table import row_name
from cxrtune.cohort.own.map_parts import LabelList, Values
from cxrtune.errors import DataError
from cxrtune.shown import listed, quoted
from cxrtune.text_file import Tell

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


def left_out(table: pd.DataFrame, wanted: CohortMap, tell: Tell) -> NDArray[np.bool_]:
    """Return the rows that a map excludes, by their values or their labels, bool (N,).

    Args:
        table: The table.
        wanted: The map.
        tell: Receives messages with the number of excluded rows.
    """
    out = np.zeros(len(table), dtype=bool)
    for column, values in wanted.keep.items():
        codes, distinct = pd.factorize(table[column])
        kept = {plain(value) for value in values}
        here = np.array([plain(str(text)) not in kept for text in distinct], dtype=bool)[codes]
        _tell_left_out(table, here & ~out, f"by {column}", column, tell)
        out |= here
    if wanted.labels is not None and wanted.labels.leave_out:
        column = wanted.labels.column
        codes, distinct = pd.factorize(table[column].str.strip())
        unwanted = set(_plain(wanted.labels.leave_out))
        spoilt = [not unwanted.isdisjoint(_parts(str(text), wanted.labels)) for text in distinct]
        here = np.array(spoilt, dtype=bool)[codes]
        _tell_left_out(table, here & ~out, "by their labels", column, tell)
        out |= here
    return out


def _tell_left_out(table: pd.DataFrame, out: NDArray[np.bool_], why: str, column: str, tell: Tell) -> None:
    if out.any():
        first = int(out.argmax())
        tell(
            f"{int(out.sum()):,} rows are left out {why}, {row_name(table, first)} with"
            f" {quoted(table[column].iloc[first])} for one"
        )


def read_labels(table: pd.DataFrame, wanted: CohortMap, tell: Tell) -> Labels:
    """Read the labels of all rows.

    Args:
        table: The table.
        wanted: The map.
        tell: Receives messages about labels that the map does not list, and listed labels that do not occur.

    Returns:
        float32 (N, F), 1 present, 0 absent, -1 uncertain, NaN not known.

    Raises:
        DataError: A column has a value that the map does not define.
    """
    if wanted.labels is not None:
        labels = _of_list(table, wanted.labels, tell)
    else:
        columns = [of_column(table, wanted.values, name) for name in wanted.findings.values()]
        labels = np.stack(columns, axis=1)
    if wanted.all_absent is not None:
        healthy = of_column(table, wanted.values, wanted.all_absent) == 1
        labels[healthy[:, None] & np.isnan(labels)] = 0
    return labels


def settle(labels: Labels, uncertain: Uncertain) -> tuple[Labels, int]:
    """Replace uncertain labels as configured; return the labels and the number of uncertain ones."""
    open_ones = labels == _UNCERTAIN
    return np.where(open_ones, _TAKEN_FOR[uncertain], labels), int(open_ones.sum())


def by_majority(labels: Labels, images: NDArray[np.intp]) -> Labels:
    """Combine the readings of each image by the majority of the readers who know the label.

    Args:
        labels: float32 (R, F), one row per reading.
        images: intp (R,), the index, out of N images, of each reading's image.

    Returns:
        float32 (N, F); -1, uncertain, if neither present nor absent has more than half of them.
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


def put_together(labels: Labels, groups: NDArray[np.intp]) -> Labels:
    """Combine partial rows: a label is present if one row says so, else uncertain, else absent.

    Args:
        labels: float32 (R, F), one row per box or finding.
        groups: intp (R,), the index, out of N groups, of each row's group.

    Returns:
        float32 (N, F), NaN if no row has a value.
    """
    order = np.argsort(groups, kind="stable")
    first = np.flatnonzero(np.diff(groups[order], prepend=-1))
    # Not known, absent, uncertain, present: in ascending order of precedence.
    weight = np.select([labels == 1, labels == _UNCERTAIN, labels == 0], [3, 2, 1], default=0)
    heaviest = np.maximum.reduceat(weight[order], first, axis=0)
    return np.array([_UNKNOWN, 0, _UNCERTAIN, 1], dtype=np.float32)[heaviest]


def of_column(table: pd.DataFrame, values: Values, name: str, remedy: str = "") -> Labels:
    """Read one column of labels.

    Args:
        table: The table, as text.
        values: How labels are written.
        name: The column.
        remedy: What to do about an invalid cell if there is no map to correct.

    Returns:
        float32 (N,), 1 present, 0 absent, -1 uncertain, NaN not known.

    Raises:
        DataError: A cell has a value that is not defined.
    """
    # There are few distinct texts, so that each is looked up only once.
    codes, distinct = pd.factorize(table[name])
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
                f"column {quoted(name)} holds {quoted(distinct[number])} in {row_name(table, row)},"
                f" which {'is no label' if remedy else 'the map does not know'}",
                remedy=remedy or f"Say under values in the map what it means; known are {_known(values)}.",
            )
    return np.array([meaning[text] for text in texts], dtype=np.float32)[codes]


def _of_list(table: pd.DataFrame, wanted: LabelList, tell: Tell) -> Labels:
    codes, distinct = pd.factorize(table[wanted.column].str.strip())
    means: dict[str, list[int]] = {}
    for place, labels in enumerate(wanted.labels.values()):
        for label in _plain(labels):
            means.setdefault(label, []).append(place)
    unknown, rest = set(_plain(wanted.unknown)), set(_plain(wanted.rest_unknown))
    nothing = set(_plain(wanted.nothing))
    rows = np.zeros((len(distinct), len(wanted.labels)), dtype=np.float32)
    counts = np.bincount(codes, minlength=len(distinct))
    unnamed: dict[str, int] = {}
    for row, text in enumerate(distinct):
        parts = _parts(str(text), wanted)
        if str(text).casefold() in unknown or parts <= unknown or not rest.isdisjoint(parts):
            rows[row] = _UNKNOWN
        for label in parts - unknown - rest:
            rows[row, means.get(label, [])] = 1
            if label not in means and label not in nothing:
                unnamed[label] = unnamed.get(label, 0) + int(counts[row])
    if unnamed:
        often = max(unnamed, key=lambda label: unnamed[label])
        tell(
            f"{len(unnamed):,} labels that the map does not name are taken for none of its findings,"
            f" {quoted(often)} of {unnamed[often]:,} rows for one"
        )
    never = [name for place, name in enumerate(wanted.labels) if not (rows[:, place] == 1).any()]
    if never:
        tell(f"no row has a label that means {listed(never)}: no image has it")
    return rows[codes]


def _parts(text: str, wanted: LabelList) -> set[str]:
    parts = text.strip(wanted.strip).split(wanted.separator)
    return {plain(part.strip().strip(wanted.strip)) for part in parts} - {""}


def _plain(texts: tuple[str, ...]) -> list[str]:
    return [plain(text) for text in texts]


def _known(values: Values) -> str:
    every = (*values.present, *values.absent, *values.uncertain, *values.unknown)
    return listed([text if text else "nothing at all" for text in every], 30)
