"""Tables of predictions on disk in the Python API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cxrtune.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


class PredictionTable:
    """Scores of many images in one file: one row per image, one column per finding.

    The file keeps the model's thresholds and calibration beside the scores, which a data frame does not.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        """Open a table.

        Args:
            path: A Parquet file that cxrtune wrote.

        Raises:
            DataError: There is no such file.
        """
        self.path = path
        if not path.is_file():
            raise DataError("there is no such table of predictions", path=path)

    def to_frame(self) -> pd.DataFrame:
        """Read the table.

        Returns:
            Columns `image`, `patient`, then one per finding with the score in [0, 1], missing where the model
            has none.

        Raises:
            DataError: The file was moved or deleted.
        """
        import pandas as pd

        if not self.path.is_file():
            raise DataError("this table of predictions was moved or deleted", path=self.path)
        return pd.read_parquet(self.path)

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"PredictionTable({str(self.path)!r})"

    def _repr_html_(self) -> str:
        from cxrtune.notebook_html import card

        frame = self.to_frame()
        shown = frame.head().to_html(index=False, float_format="{:.3f}".format, border=0)
        return card(f"{len(frame):,} images scored, the first of them:", shown)
