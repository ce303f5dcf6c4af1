"""Label tables + a folder of images + a map -> a cohort, with every row that was left out counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.build import Flow, require_parts
from cxrtune.cohort.own.cohort_map import CohortMap
from cxrtune.cohort.own.image_names import image_columns, image_names
from cxrtune.cohort.own.image_tree import ImageTree, match_images
from cxrtune.cohort.own.label_table import read_tables
from cxrtune.cohort.own.labels import by_majority, label_columns, left_out, read_labels, settle
from cxrtune.cohort.own.people import people, people_columns
from cxrtune.cohort.own.split import given_split, require_whole_patients, split_columns, whole_split
from cxrtune.cohort.table import Cohort
from cxrtune.errors import DataError


@dataclass(frozen=True)
class OwnCohort:
    """A cohort that was made from somebody's tables.

    Attributes:
        cohort: The cohort; images are named by their paths in the folder of images.
        flow: How many images came in and where the others went.
        uncertain: How many labels of the kept images are uncertain.
        made: The parts of the split that were made here.
    """

    cohort: Cohort
    flow: Flow
    uncertain: int
    made: tuple[str, ...]


def build_own_cohort(
    tables: Sequence[Path], wanted: CohortMap, tree: ImageTree | None, *, seed: int = 0
) -> OwnCohort:
    """Build a cohort.

    Args:
        tables: The label tables.
        wanted: What their columns mean.
        tree: The images that are there; None takes every image of the tables, on disk or not.
        seed: Chooses the patients of the parts that are made.

    Raises:
        DataError: The tables or the images are not what the map says, or nothing is left.
    """
    table = read_tables(tables, _columns(wanted), wanted.join)
    whole = len(table)
    # Rows keep their numbers, by which errors name them.
    table = table[~left_out(table, wanted)]
    if table.empty:
        raise DataError(
            f"the map leaves out all {whole:,} rows", path=tables[0], remedy="Look at keep in the map."
        )
    names = image_names(table, wanted)
    who = people(table, names, wanted)
    given = None if wanted.split is None else given_split(table, names, wanted.split)
    labels = read_labels(table, wanted)
    rows, readings = _one_row_an_image(names, wanted, tables[0])
    if wanted.majority:
        labels = by_majority(labels, readings)
    names, who = names.iloc[rows], who.iloc[rows]
    images, present = _on_disk(names, tree)
    if not present.any():
        assert tree is not None
        raise DataError(
            f"not one of the table's {len(names):,} images is here, {names.iloc[0]} for one"
            f" (the folder holds {tree.paths[0]} for one)",
            path=tree.folder,
            remedy="Name the folder that the table's paths begin in with --images, or mend image in the map.",
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
    )
    require_parts(frame, flow, tables[0])
    return OwnCohort(Cohort(frame), flow, uncertain, made)


def _columns(wanted: CohortMap) -> list[str]:
    columns = [*image_columns(wanted), *people_columns(wanted), *wanted.keep, *label_columns(wanted)]
    return columns + split_columns(wanted.split)


def _left_out_images(before: int, after: int, wanted: CohortMap) -> int:
    # Where an image has a row a reader, rows that are left out are no images.
    return 0 if wanted.majority else before - after


def _one_row_an_image(
    names: pd.Series[str], wanted: CohortMap, path: Path
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first row of each image, and which image each row is of."""
    readings, distinct = pd.factorize(names)
    rows = np.flatnonzero(~names.duplicated().to_numpy())
    if not wanted.majority and len(distinct) < len(names):
        again = names[names.duplicated()].iloc[0]
        raise DataError(
            f"names {len(names) - len(distinct):,} images more than once, {again} for one",
            path=path,
            remedy="Keep one row an image, or say majority: true in the map if an image has a row a reader.",
        )
    return rows, readings


def _on_disk(names: pd.Series[str], tree: ImageTree | None) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return the images' paths in the folder, object (N,), and which of them are there."""
    if tree is None:
        return names.to_numpy(dtype=object), np.ones(len(names), dtype=bool)
    found = match_images(names, tree)
    present = found >= 0
    images = np.full(len(names), None, dtype=object)
    images[present] = tree.paths.to_numpy(dtype=object)[found[present]]
    again = pd.Series(images[present]).duplicated()
    if again.any():
        raise DataError(
            f"two names in the table mean the same image, {images[present][again.to_numpy()][0]} for one",
            path=tree.folder,
            remedy="Keep one row an image.",
        )
    return images, present
