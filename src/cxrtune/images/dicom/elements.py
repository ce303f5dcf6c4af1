"""Values of elements as plain text or numbers, whatever types pydicom returns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cxrtune.errors import UnreadableImageError

if TYPE_CHECKING:
    from pydicom import Dataset


def values(dataset: Dataset, keyword: str) -> list[Any]:
    """Return all values of an element, with None for empty ones; an empty list if it is absent."""
    value = dataset.get(keyword)
    several = isinstance(value, (list, tuple)) or (hasattr(value, "__len__") and hasattr(value, "insert"))
    listed = list(value) if several else [] if value is None else [value]
    return [None if isinstance(one, str) and not one.strip() else one for one in listed]


def first(dataset: Dataset, keyword: str) -> Any:
    """Return the first value; None if the element is absent or empty."""
    return next(iter(values(dataset, keyword)), None)


def text(dataset: Dataset, keyword: str) -> str:
    """Return the value as upper-case text; an empty text if the element is absent or empty."""
    return str(first(dataset, keyword) or "").strip().upper()


def optional(dataset: Dataset, keyword: str) -> int | None:
    """Return the value as a whole number; None if the element is absent or empty.

    Raises:
        UnreadableImageError: The value is not a whole number.
    """
    value = first(dataset, keyword)
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableImageError(f"is damaged: its {named(keyword)} is no whole number") from error


def whole(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    """Return the value as a whole number.

    Raises:
        UnreadableImageError: The element is missing and has no default, or its value is not a whole number.
    """
    value = optional(dataset, keyword)
    if value is None:
        value = default
    if value is None:
        raise UnreadableImageError(f"has no {named(keyword)}")
    return value


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return the first value as a finite number; None if the element is absent or empty.

    Raises:
        UnreadableImageError: The value is not a finite number.
    """
    value = first(dataset, keyword)
    return None if value is None else finite(value, keyword)


def finite(value: Any, keyword: str) -> float:
    """Return one value of an element as a finite number.

    Raises:
        UnreadableImageError: The value is not a finite number.
    """
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableImageError(f"is damaged: its {named(keyword)} is no number") from error
    if not math.isfinite(found):
        raise UnreadableImageError(f"is damaged: its {named(keyword)} is no finite number")
    return found


def named(keyword: str) -> str:
    """Return a keyword as words: BitsStored -> Bits Stored."""
    return "".join(f" {letter}" if letter.isupper() else letter for letter in keyword).strip()
