"""Build a cohort from label tables, a folder of images and a map, counting every excluded row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.build import Flow, require_parts
from cxrtune.cohort.cells import plain
from cxrtune.cohort.own.cohort_map import CohortMap
from cxrtune.cohort.own.image_tree import ImageTree, image_columns, image_names, match_images
from cxrtune.cohort.own.label_table import read_tables, row_name
from cxrtune.cohort.own.labels import (
    Labels,
    by_majority,
    label_columns,
    left_out,
    put_together,
    read_labels,
    settle,
)
from cxrtune.cohort.own.map_parts import GivenSplit
from cxrtune.cohort.own.people import people, people_columns
from cxrtune.cohort.splits import require_whole_patients, whole_split
from cxrtune.cohort.table import SPLITS, CohortTable
from cxrtune.errors import DataError
from cxrtune.shown import listed, quoted, short
from cxrtune.text_file import Tell, untold


@dataclass(frozen=True)
class OwnCohort:
    """A cohort built from a user's own tables.

    Attributes:
        cohort: The cohort; images are named by their paths in the image folder.
        flow: Counts of images that were read and excluded.
        uncertain: Number of uncertain labels of the cohort's images.
        made: The parts of the split that were created here.
        rows: Number of table rows about the images, if an image may have several rows; otherwise 0.
    """

    cohort: CohortTable
    flow: Flow
    uncertain: int
    made: tuple[str, ...]
    rows: int = 0


def build_own_cohort(
    tables: Sequence[Path], wanted: CohortMap, tree: ImageTree | None, tell: Tell = untold, *, seed: int = 0
) -> OwnCohort:
    """Build a cohort.

    Args:
        tables: Paths of the label tables.
        wanted: The map of their columns.
        tree: The existing images; None keeps every image of the tables, whether or not its file exists.
        tell: Receives messages about anything that is not read as written, is excluded, or is merged.
        seed: Random seed for choosing the patients of the parts that are created.

    Raises:
        DataError: The tables or the images do not fit the map, or no images are left.
    """
    table = read_tables(tables, _columns(wanted), tell, wanted.join)
    whole = len(table)
    # Rows keep their numbers, which error messages refer to.
    table = table[~left_out(table, wanted, tell)]
    if table.empty:
        raise DataError(
            f"the map leaves out all {whole:,} rows", path=tables[0], remedy="Look at keep in the map."
        )
    names = image_names(table, wanted)
    who = people(table, names, wanted, tell)
    given = None if wanted.split is None else _given_split(table, names, wanted.split)
    labels = read_labels(table, wanted, tell)
    rows, image_of = _one_row_an_image(names, wanted, tables[0])
    if wanted.has_several_rows:
        _require_agreement(names, who["patient"], rows[image_of], "patients")
        if given is not None:
            _require_agreement(names, pd.Series(given), rows[image_of], "parts of the split")
        labels = _joined(labels, table, image_of, wanted)
    told_by = len(names) if wanted.has_several_rows else 0
    names, who = names.iloc[rows], who.iloc[rows]
    images, present = _on_disk(names, tree, tell)
    if not present.any():
        assert tree is not None
        raise DataError(
            f"not one of the table's {len(names):,} images is here, {short(names.iloc[0])} for one"
            f" (the folder holds {short(tree.paths[0])} for one)",
            path=tree.folder,
            remedy="Name the folder that the table's paths begin in with `images`, or mend image in the map.",
        )
    frame = who[present].reset_index(drop=True)
    frame.insert(0, "image", images[present])
    split, made = whole_split(frame["patient"], None if given is None else given[rows][present], seed)
    require_whole_patients(frame["patient"], split, frame["image"])
    frame["split"] = pd.array(split, dtype="str")
    settled, uncertain = settle(labels[present], wanted.uncertain)
    for column, finding in enumerate(wanted.names):
        frame[finding] = pd.array(settled[:, column], dtype="Float32").astype("Int8")
    flow = Flow(
        in_table=len(names) + _left_out_images(whole, len(table), wanted),
        excluded_by_protocol=_left_out_images(whole, len(table), wanted),
        not_on_disk=int((~present).sum()),
        not_in_table=0 if tree is None else len(tree.paths) - int(present.sum()),
        kept=int(present.sum()),
        excluded_by="the map",
        missing="" if present.all() else names[~present].iloc[0],
        stray="" if tree is None else _stray(tree, images[present]),
    )
    # Without training images the cohort serves to evaluate models, which requires only a test part.
    judged_only = given is not None and not (split == "train").any()
    require_parts(frame, flow, tables[0], ("test",) if judged_only else SPLITS)
    return OwnCohort(CohortTable(frame), flow, uncertain, made, told_by)


def _stray(tree: ImageTree, used: NDArray[np.object_]) -> str:
    strays = tree.paths.difference(pd.Index(used))
    return str(strays[0]) if len(strays) else ""


def _columns(wanted: CohortMap) -> list[str]:
    columns = [*image_columns(wanted), *people_columns(wanted), *wanted.keep, *label_columns(wanted)]
    return [*columns, *_split_columns(wanted.split), *([wanted.reader] if wanted.reader else [])]


def _split_columns(wanted: GivenSplit | None) -> list[str]:
    return [wanted.column] if wanted is not None and wanted.column is not None else []


def _given_split(table: pd.DataFrame, names: pd.Series[str], wanted: GivenSplit) -> NDArray[np.object_]:
    """Return the part of the split that the table gives for each row, object (N,)."""
    if wanted.all is not None:
        return np.full(len(table), wanted.all, dtype=object)
    if wanted.column is not None:
        theirs = table[wanted.column].str.strip()
    else:
        assert wanted.pattern is not None
        theirs = names.str.extract(wanted.pattern, expand=True)[0].fillna("")
    codes, distinct = pd.factorize(theirs)
    loosely = {plain(name): part for name, part in wanted.values.items()}
    parts = [wanted.values.get(str(text), loosely.get(plain(str(text)))) for text in distinct]
    ours = np.array(parts, dtype=object)[codes]
    unknown = pd.isna(ours)
    if unknown.any():
        row = int(unknown.argmax())
        raise DataError(
            f"{int(unknown.sum()):,} rows are of a part that the map does not know:"
            f" {quoted(theirs.iloc[row])} for one",
            remedy=f"Say under split.values in the map what it means; known are {listed(wanted.values)}.",
        )
    return ours


def _left_out_images(before: int, after: int, wanted: CohortMap) -> int:
    # If an image has several rows, the number of excluded rows is not a number of images.
    return 0 if wanted.has_several_rows else before - after


def _one_row_an_image(
    names: pd.Series[str], wanted: CohortMap, path: Path
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first row of each image, and the image index of each row."""
    image_of, distinct = pd.factorize(names)
    rows = np.flatnonzero(~names.duplicated().to_numpy())
    if not wanted.has_several_rows and len(distinct) < len(names):
        again = names[names.duplicated()].iloc[0]
        raise DataError(
            f"names {len(names) - len(distinct):,} images more than once, {short(again)} for one",
            path=path,
            remedy="Keep one row per image, or say in the map what a row is: boxes: true (a box or a"
            " finding), reader: COLUMN (something that the reader named there saw), or majority: true (the"
            " whole reading of one reader).",
        )
    return rows, image_of


def _require_agreement(
    names: pd.Series[str], values: pd.Series[str], first: NDArray[np.intp], what: str
) -> None:
    """Check that rows of the same image agree; `first` is the first row of each row's image."""
    cells = values.to_numpy(dtype=object)
    torn = cells != cells[first]
    if torn.any():
        raise DataError(
            f"the rows of {short(names[torn].iloc[0])} name several {what}",
            remedy="Mend the table: all rows of an image are of one patient and one part.",
        )


def _joined(labels: Labels, table: pd.DataFrame, image_of: NDArray[np.intp], wanted: CohortMap) -> Labels:
    """Combine the labels of each image's rows."""
    if wanted.boxes:
        return put_together(labels, image_of)
    if wanted.reader is None:
        return by_majority(labels, image_of)
    readers = table[wanted.reader].str.strip().str.casefold()
    nobody = readers.eq("").to_numpy(dtype=bool)
    if nobody.any():
        raise DataError(
            f"{row_name(table, int(nobody.argmax()))} names no reader in column {quoted(wanted.reader)}",
            remedy="Name the reader of every row, or leave reader out of the map.",
        )
    of_reader = pd.factorize(readers)[0]
    reading, pairs = pd.factorize(image_of * (int(of_reader.max()) + 1) + of_reader)
    return by_majority(put_together(labels, reading), pairs // (int(of_reader.max()) + 1))


def _on_disk(
    names: pd.Series[str], tree: ImageTree | None, tell: Tell
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return the images' paths in the folder, object (N,), and which of them exist."""
    if tree is None:
        return names.to_numpy(dtype=object), np.ones(len(names), dtype=bool)
    found = match_images(names, tree, tell)
    present = found >= 0
    images = np.full(len(names), None, dtype=object)
    images[present] = tree.paths.to_numpy(dtype=object)[found[present]]
    again = pd.Series(images[present]).duplicated()
    if again.any():
        image = images[present][again.to_numpy()][0]
        raise DataError(
            f"two names in the table mean the same image, {short(image)}",
            path=tree.folder,
            remedy="Keep one row an image.",
        )
    return images, present
