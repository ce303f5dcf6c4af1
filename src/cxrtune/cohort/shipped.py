"""The tables that the torchxrayvision package brings along, found without importing it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

NIH_TABLE = "Data_Entry_2017_v2020.csv.gz"
ADJUDICATED = "google2019_nih-chest-xray-labels.csv.gz"


def shipped_table(name: str) -> Path | None:
    """Return where a table lies; None if the package, or the table in it, is not there."""
    # find_spec finds the package without importing it, and torch with it.
    package = importlib.util.find_spec("torchxrayvision")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "data" / name
    return path if path.is_file() else None
