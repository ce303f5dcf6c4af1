"""Build a cohort from a data folder and a protocol, counting every excluded image."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cxrtune.cohort.folder import find_table, image_files, tell_choice
from cxrtune.cohort.nih import read_table
from cxrtune.cohort.split_lists import lists_in, test_rows
from cxrtune.cohort.splits import whole_split
from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError
from cxrtune.findings import NIH_FINDINGS, Protocol
from cxrtune.shown import short, tell_not_utf8
from cxrtune.text_file import Tell


@dataclass(frozen=True)
class Flow:
    """How many images were read, and why the others were excluded.

    Attributes:
        in_table: Number of images in the table.
        excluded_by_protocol: Number of images excluded because of `excluded_by`.
        not_on_disk: Number of remaining images whose files are missing.
        not_in_table: Number of image files that the table does not list.
        kept: Number of images in the cohort.
        excluded_by: What caused exclusions.
        missing: Name of one missing image, or empty.
        stray: Name of one image that the table does not list, or empty.
    """

    in_table: int
    excluded_by_protocol: int
    not_on_disk: int
    not_in_table: int
    kept: int
    excluded_by: str = "the protocol"
    missing: str = ""
    stray: str = ""

    def counts(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, int)}

    def sentence(self) -> str:
        """Return the counts as one sentence."""
        parts = [f"{self.in_table:,} images in the table"]
        if self.excluded_by_protocol:
            parts.append(f"{self.excluded_by_protocol:,} excluded by {self.excluded_by}")
        if self.not_on_disk:
            parts.append(f"{self.not_on_disk:,} not on disk and left out{_one(self.missing)}")
        if self.not_in_table:
            parts.append(f"{self.not_in_table:,} on disk but not in the table and not used{_one(self.stray)}")
        return ", ".join(parts) + f": {self.kept:,} kept"


def _one(name: str) -> str:
    return f" ({short(name)} for one)" if name else ""


def build_nih_cohort(
    folder: Path, protocol: Protocol, tell: Tell, *, seed: int = 0, metadata_only: bool = False
) -> tuple[CohortTable, Flow]:
    """Build the cohort of an NIH folder.

    Args:
        folder: The data folder.
        protocol: The findings, and the images to exclude for them.
        tell: Receives messages about anything in the table and the lists that is not read as written.
        seed: Random seed for choosing the validation patients.
        metadata_only: Keep every image of the table, whether or not its file exists.

    Returns:
        The cohort and the counts of images.

    Raises:
        DataError: The folder, its table or its lists are not valid, or no images are left.
    """
    path = find_table(folder)
    tell_choice(folder, path, tell)
    table = read_table(path, tell)
    on_disk = None if metadata_only else image_files(folder)
    tell_not_utf8(on_disk or (), tell)
    is_test = test_rows(table["image"], table["patient"], folder, tell)
    excluded = table[list(protocol.excluded)].eq(1).any(axis=1).to_numpy()
    # pandas' isin is not used: it accepts only text, and a stray file's name may not be valid text.
    present = np.array([on_disk is None or image in on_disk for image in table["image"]], dtype=bool)
    missing, keep = ~excluded & ~present, ~excluded & present
    strays = set() if on_disk is None else on_disk.keys() - set(table["image"])
    flow = Flow(
        in_table=len(table),
        excluded_by_protocol=int(excluded.sum()),
        not_on_disk=int(missing.sum()),
        not_in_table=len(strays),
        kept=int(keep.sum()),
        missing=str(table["image"][missing].iloc[0]) if missing.any() else "",
        stray=min(strays, default=""),
    )
    frame = (
        table[keep]
        .drop(columns=[f for f in NIH_FINDINGS if f not in protocol.findings])
        .reset_index(drop=True)
    )
    given = np.where(is_test[keep], "test", "train").astype(object)
    split, _ = whole_split(frame["patient"], given, seed, ("validation",))
    frame.insert(6, "split", pd.array(split, dtype="str"))
    require_parts(frame, flow, folder)
    return CohortTable(frame), flow


def inputs_of_nih(folder: Path) -> list[Path]:
    """Return the files that a folder's cohort is built from, except the images."""
    return [find_table(folder), *lists_in(folder)]


def require_parts(
    frame: pd.DataFrame, flow: Flow, path: Path, parts: Collection[str] = ("train", "validation", "test")
) -> None:
    """Check that a cohort contains every required part of the split.

    Args:
        frame: The cohort's table.
        flow: Counts of its images.
        path: The file or folder that it was built from.
        parts: The required parts.

    Raises:
        DataError: One of the parts has no images.
    """
    missing = sorted(set(parts) - set(frame["split"].unique()))
    if missing:
        raise DataError(
            f"the cohort has no {' and no '.join(missing)} images ({flow.sentence()})",
            path=path,
            remedy="Check that the table and the split belong to these images.",
        )
