"""Labels, scores and patients as given by callers -> plain arrays of matching shapes, or a clear error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.errors import UsageError
from cxrtune.shown import listed, quoted, short


def labels_of(
    y_true: object, findings: Sequence[str] | None
) -> tuple[NDArray[np.float32], list[str], pd.Index[Any] | None]:
    """Return labels as float32 (N, F), 1, 0 or NaN, with the names of the findings and the index, if any.

    Raises:
        UsageError: The values are not labels, or the number of names differs.
    """
    values = _numbers(y_true, "y_true")
    if not len(values):
        raise UsageError("y_true is empty", remedy="Give a label for each image.")
    wrong = np.argwhere(~(np.isnan(values) | (values == 0) | (values == 1)))
    if len(wrong):
        row, column = wrong[0]
        raise UsageError(
            f"y_true holds {values[row, column]:g} in row {row}, which is not a label",
            remedy="A label is 1 (with the finding) or 0 (without); several findings are columns.",
        )
    return values.astype(np.float32), _names(y_true, findings, values.shape[1]), _index(y_true)


def scores_of(
    scores: object, shape: tuple[int, ...], names: Sequence[str], index: pd.Index[Any] | None
) -> dict[str, NDArray[np.floating]]:
    """Return the scores of each model, (N, F) in the order of the findings, NaN where there is none.

    Args:
        scores: Scores by model.
        shape: (N, F), shape of the labels.
        names: Names of the findings.
        index: Index of the labels, if they are a pandas object.

    Raises:
        UsageError: The values are not scores, or do not match the images and findings.
    """
    if not isinstance(scores, Mapping) or not scores:
        raise UsageError(
            "scores names no model",
            remedy='Write it like: compare(y_true, {"ours": ours, "theirs": theirs}).',
        )
    found = {}
    for name, given in scores.items():
        what = f"the scores of {quoted(name)}"
        if isinstance(given, pd.DataFrame) and len(names) > 1:
            lacking = [finding for finding in names if finding not in given.columns]
            if lacking:
                raise UsageError(
                    f"{what} have no column {listed(lacking)}; their columns are {listed(given.columns)}",
                    remedy="Name the columns as the findings are named in y_true, or in findings.",
                )
        chosen = given[list(names)] if isinstance(given, pd.DataFrame) and len(names) > 1 else given
        values = _numbers(chosen, what)
        if values.shape != shape:
            raise UsageError(
                f"{what} are of shape {np.shape(given)}, and y_true has {shape[0]:,} images and"
                f" {shape[1]:,} findings",
                remedy="Give a score for each image and finding, in the order of y_true.",
            )
        _require_same_index(given, index, what)
        if np.isinf(values).any():
            raise UsageError(f"{what} hold an infinite value", remedy="Give finite numbers.")
        found[str(name)] = values
    return found


def patients_of(groups: Any, images: int, index: pd.Index[Any] | None) -> NDArray[np.object_]:
    """Return the patient of each image as text, object (N,); without groups, the number of the image.

    Raises:
        UsageError: Their number differs from that of the images, or some are missing.
    """
    if groups is None:
        return np.arange(images).astype(str).astype(object)
    try:
        column = groups if isinstance(groups, pd.Series) else pd.Series(np.asarray(groups).tolist())
    except (ValueError, TypeError) as error:
        raise UsageError(
            "groups is not a list of patients", remedy="Give the patient of each image."
        ) from error
    if len(column) != images or np.ndim(groups) != 1:
        raise UsageError(
            f"groups is of shape {np.shape(groups)}, and y_true has {images:,} images",
            remedy="Give the patient of each image, in the order of y_true.",
        )
    _require_same_index(groups, index, "groups")
    nobody = np.flatnonzero(column.isna().to_numpy() | (column.astype(str).str.strip() == "").to_numpy())
    if len(nobody):
        raise UsageError(
            f"groups names no patient in {len(nobody):,} rows, row {nobody[0]} first",
            remedy="Name the patient of every image, or leave groups out if no patient has two images.",
        )
    texts = column.astype(str)
    if texts.nunique() != column.nunique():  # such as 1 and "1", which are different patients
        texts = pd.Series(pd.factorize(column)[0]).astype(str)
    return texts.to_numpy(dtype=object)


def _numbers(given: object, what: str) -> NDArray[np.floating]:
    """Return numbers as (N, F), in their own precision if it is float32 or float64."""
    plain: Any = given
    if isinstance(given, pd.Series | pd.DataFrame):
        plain = _values(given, what)
    if hasattr(plain, "detach"):  # a torch tensor, perhaps on a GPU
        plain = plain.detach().cpu().numpy()
    try:
        values = np.asarray(plain)
        if values.dtype not in (np.float32, np.float64):
            values = np.asarray(plain, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{short(what)}: an object of type {type(given).__name__} does not hold numbers",
            remedy="Give an array of numbers, (images,) or (images, findings).",
        ) from error
    if values.ndim not in (1, 2):
        raise UsageError(
            f"{short(what)}: an array of shape {values.shape} has no place for images and findings",
            remedy="Give an array of numbers, (images,) or (images, findings).",
        )
    return values[:, np.newaxis] if values.ndim == 1 else values


def _values(given: pd.Series[Any] | pd.DataFrame, what: str) -> NDArray[np.floating]:
    """Return a column or columns as numbers; missing values of pandas become NaN."""
    kinds = {given.dtype} if isinstance(given, pd.Series) else set(given.dtypes)
    kind = np.float32 if kinds == {np.dtype(np.float32)} else np.float64
    try:
        return given.to_numpy(dtype=kind, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{short(what)}: not all values are numbers", remedy="Give numbers, and nothing else."
        ) from error


def _names(y_true: object, findings: Sequence[str] | None, number: int) -> list[str]:
    if findings is not None:
        names = [findings] if isinstance(findings, str) else list(map(str, findings))
        if len(names) != number or len(set(names)) != number:
            raise UsageError(
                f"findings has {len(set(names)):,} names, and y_true {number:,} findings",
                remedy="Name each finding once, in the order of the columns.",
            )
        return names
    if isinstance(y_true, pd.DataFrame):
        return list(map(str, y_true.columns))
    if isinstance(y_true, pd.Series) and y_true.name is not None:
        return [str(y_true.name)]
    return ["finding"] if number == 1 else [f"finding {place}" for place in range(1, number + 1)]


def _index(given: object) -> pd.Index[Any] | None:
    return given.index if isinstance(given, pd.Series | pd.DataFrame) else None


def _require_same_index(given: object, index: pd.Index[Any] | None, what: str) -> None:
    """Refuse a pandas object whose rows are in another order, since rows are matched by position."""
    own = _index(given)
    if own is not None and index is not None and not own.equals(index):
        raise UsageError(
            f"{what} and y_true have different indexes",
            remedy="Bring them into the order of y_true with .loc[y_true.index], or give arrays.",
        )
