"""How the results are stored: frozen, and strict about names."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Stored(BaseModel):
    """What every part of `results.json` is: frozen, and without keys that the schema does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(Stored):
    """A 95 % interval."""

    low: float
    high: float


Intervals = dict[str, Interval]
"""Intervals by the name of the value; a value whose interval is not defined is absent."""
