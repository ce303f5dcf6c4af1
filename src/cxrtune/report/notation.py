"""Format numbers consistently in tables, text and figures."""

from __future__ import annotations

from datetime import UTC, datetime

from cxrtune.evaluation.markdown import p_value as p_value
from cxrtune.evaluation.results import Interval

DASH = "\N{EN DASH}"
"""Shown in tables instead of values that are not defined."""

_MINUS = "\N{MINUS SIGN}"
_SMALLEST_FIXED = 0.0005
_BYTE_UNITS = ("bytes", "kB", "MB", "GB")
_PLURALS = {"patient": "patients", "image": "images", "finding": "findings", "model": "models"}


def score(value: float) -> str:
    """Format an AUROC, a precision or a slope: three decimals, with a minus sign if below 0."""
    return f"{value:.3f}".replace("-", _MINUS)


def threshold(value: float) -> str:
    """Format a threshold; if three decimals would give 0.000, its first significant digits are kept."""
    return f"{value:.1e}" if 0 < abs(value) < _SMALLEST_FIXED else f"{value:.3f}"


def span(interval: Interval) -> str:
    """Format a 95 % interval: `0.712 to 0.794`."""
    return f"{score(interval.low)} to {score(interval.high)}"


def signed(value: float) -> str:
    """Format a difference with its sign: `+0.021`, or `-0.004` with a minus sign."""
    return f"{value:+.3f}".replace("-", _MINUS)


def signed_span(interval: Interval) -> str:
    """Format the interval of a difference."""
    return f"{signed(interval.low)} to {signed(interval.high)}"


def p_text(value: float) -> str:
    """Format a p-value for a sentence: `p = 0.035`, `p < 0.001`."""
    written = p_value(value)
    return f"p {written.replace('<', '< ')}" if written.startswith("<") else f"p = {written}"


def count(value: int) -> str:
    """Format a count with thousands separators."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """Format a count with its noun: `1 image`, `2,265 images`."""
    return f"{count(value)} {noun if value == 1 else _PLURALS.get(noun, noun + 's')}"


def percent(part: int, whole: int) -> str:
    """Format a fraction in per cent with one decimal, or a dash if the whole is zero."""
    return f"{100 * part / whole:.1f}" if whole else DASH


def duration(seconds: float) -> str:
    """Format a wall time: `0.8 s`, `42 s`, `4 min 12 s`, `2 h 05 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def file_size(size: int) -> str:
    """Format a file size in decimal units."""
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_BYTE_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count(size)} {_BYTE_UNITS[0]}" if unit == 0 else f"{value:.1f} {_BYTE_UNITS[unit]}"


def moment(created: str) -> str:
    """Format an ISO time to the minute, in UTC if it has a zone; other texts are returned unchanged."""
    try:
        time = datetime.fromisoformat(created)
    except ValueError:
        return created
    if time.tzinfo is None:
        return time.strftime("%Y-%m-%d %H:%M")
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def quantity(value: object) -> str:
    """Format a value of a provenance record: integers with separators, other numbers to six digits."""
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else DASH
    if isinstance(value, int):
        return count(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def listed(items: list[str]) -> str:
    """Join items for a sentence: `a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
