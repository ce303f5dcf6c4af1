"""What was made of an archive."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq


def parts(folder: Path) -> list[Path]:
    """The shards that are on disk."""
    return sorted(folder.glob("part-*.parquet"))


def table(folder: Path) -> pd.DataFrame:
    """All rows of a folder of shards."""
    return pd.concat([pq.read_table(part).to_pandas() for part in parts(folder)], ignore_index=True)


def contents(folder: Path) -> dict[str, bytes]:
    """The shards' bytes."""
    return {part.name: part.read_bytes() for part in parts(folder)}
