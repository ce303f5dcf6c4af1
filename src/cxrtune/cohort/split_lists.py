"""Read NIH's two split lists from a folder, and check them against the table, by patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.problem import Fault, Kind, refuse_first
from cxrtune.errors import DataError
from cxrtune.shown import listed, short, shown
from cxrtune.text_file import Tell, read_lines

LISTS = {"train_val": "train_val_list.txt", "test": "test_list.txt"}
"""NIH's two lists, by the part of the split that they define."""

KAGGLES_LISTS = {"train_val": "train_val_list_NIH.txt", "test": "test_list_NIH.txt"}
"""The names of the lists in Kaggle's copy in 224 px; read if NIH's are missing."""

_OWN_SPLIT = "Put NIH's list there, or remove both lists to use NIH's official test patients."
_ONE_RELEASE = "Use table and lists of one release, or remove both lists to use NIH's own split."
_BY_PATIENT = "Split by patient, or remove both lists to use NIH's official test patients."
_ONE_LIST = "Name each image in one list."


def official_test_patients() -> frozenset[str]:
    """Return NIH's 2,797 test patients, derived from NIH's `test_list.txt`: its split is by patient."""
    text = files("cxrtune.cohort").joinpath("data/nih_test_patients.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


@dataclass(frozen=True)
class SplitLists:
    """The split lists of a folder, one or two.

    Attributes:
        paths: Paths of the lists, by part of the split.
        images: Images of the lists that can be read.
        faults: Faults of the lists, also in relation to the table.
    """

    paths: dict[str, Path]
    images: dict[str, set[str]]
    faults: tuple[Fault, ...]

    @property
    def are_kaggles(self) -> bool:
        """Whether all have Kaggle's names: they are copies, and NIH's test patients can replace them."""
        return _are_kaggles(self.paths)

    @property
    def names(self) -> dict[str, str]:
        """File names of the lists; NIH's name if a list is missing."""
        return LISTS | {part: path.name for part, path in self.paths.items()}


def read_split_lists(folder: Path, patients: Mapping[str, str], tell: Tell) -> SplitLists | None:
    """Read the split lists of a folder.

    Args:
        folder: The data folder.
        patients: The patients in the table, by image.
        tell: Receives messages about anything that is not read as written.

    Returns:
        The lists with all their faults; None if the folder has no lists.
    """
    paths = _paths(folder)
    if not paths:
        return None
    images: dict[str, set[str]] = {}
    faults = []
    for part, path in paths.items():
        try:
            images[part] = set(read_lines(path, _OWN_SPLIT, tell))
        except DataError as error:
            faults.append(Fault(Kind.LIST, "error", path.name, [error.message], _OWN_SPLIT, error))
    faults += _lonely(paths, folder)
    lists = SplitLists(paths, images, tuple(faults))
    if len(images) < len(LISTS):
        return lists
    with_table = (*_against_table(lists, patients, folder), *_patients_across(lists, patients, folder))
    return SplitLists(paths, images, (*faults, *with_table))


def test_rows(
    images: pd.Series[str], patients: pd.Series[str], folder: Path, tell: Tell
) -> NDArray[np.bool_]:
    """Return which rows of a table belong to the test part.

    NIH's two lists define the split if the folder has them; NIH's test patients are used if it has none, or
    if it has only unusable copies under Kaggle's names.

    Args:
        images: Image names of the complete table.
        patients: The patients of the same rows.
        folder: The data folder.
        tell: Receives messages about anything in the lists that is not read as written.

    Returns:
        bool (N,).

    Raises:
        DataError: Only one of the two lists exists, the lists disagree with each other or with the table,
            or a patient is in both.
    """
    official = patients.isin(official_test_patients()).to_numpy()
    if not lists_in(folder):
        for path in _paths(folder).values():
            tell(f"{path.name} is not used, as the other list is not there")
        return official
    lists = read_split_lists(folder, dict(zip(images.tolist(), patients.tolist(), strict=True)), tell)
    assert lists is not None
    try:
        refuse_first(lists.faults)
    except DataError as error:
        if not lists.are_kaggles:
            raise
        tell(
            f"{listed(path.name for path in lists.paths.values())} are not used, as {error.message}: NIH's"
            " official test patients are tested on"
        )
        return official
    return images.isin(lists.images["test"]).to_numpy()


def lists_in(folder: Path) -> list[Path]:
    """Return the paths of the folder's split lists: either two or none.

    Raises:
        DataError: Only one of the two exists.
    """
    paths = _paths(folder)
    if len(paths) == 1 and _are_kaggles(paths):
        return []
    refuse_first(_lonely(paths, folder))
    return list(paths.values())


def _paths(folder: Path) -> dict[str, Path]:
    names = {part: (LISTS[part], KAGGLES_LISTS[part]) for part in LISTS}
    found = {
        part: next((folder / name for name in both if (folder / name).is_file()), None)
        for part, both in names.items()
    }
    return {part: path for part, path in found.items() if path is not None}


def _are_kaggles(paths: dict[str, Path]) -> bool:
    return all(path.name in KAGGLES_LISTS.values() for path in paths.values())


def _lonely(paths: dict[str, Path], folder: Path) -> list[Fault]:
    """Return the fault of one list that is present without the other."""
    if len(paths) != 1:
        return []
    has = next(path.name for path in paths.values())
    lacks = next(name for part, name in LISTS.items() if part not in paths)
    what = f"is not there, but {has} is; expected both or none"
    remedy = f"Add {lacks}, or remove {has} to use NIH's official test patients."
    refusal = DataError(f"holds {has} but not {lacks}", path=folder, remedy=remedy)
    return [Fault(Kind.LIST, "error", lacks, [what], remedy, refusal)]


def _against_table(lists: SplitLists, images: Iterable[str], folder: Path) -> Iterator[Fault]:
    train_val, test, table = lists.images["train_val"], lists.images["test"], set(images) - {""}
    both, strange, neither = train_val & test, (train_val | test) - table, table - train_val - test

    def fault(
        part: str, some: set[str], what: str, every: set[str], where: str, remedy: str
    ) -> Iterator[Fault]:
        if some:
            whats = (f"{shown(image)} {what}" for image in sorted(some))
            refusal = f"{len(every):,} images are {where}, {short(min(every))} for one"
            error = DataError(refusal, path=folder, remedy=remedy)
            yield Fault(Kind.LIST, "error", lists.names[part], whats, remedy, error)

    what, where = "is in both lists, expected in one", "in both split lists"
    yield from fault("test", both, what, both, where, _ONE_LIST)
    for part in LISTS if strange else ():
        what, where = "is in the list but not in the table", "in the split lists but not in the table"
        yield from fault(part, lists.images[part] - table, what, strange, where, _ONE_RELEASE)
    what, where = "is in the table but in neither list", "in the table but in neither split list"
    yield from fault("train_val", neither, what, neither, where, _ONE_RELEASE)


def _patients_across(lists: SplitLists, patients: Mapping[str, str], folder: Path) -> Iterator[Fault]:
    # Messages refer to a patient only by images, so that identifiers are not printed.
    parts = {part: {patients[i] for i in images if i in patients} for part, images in lists.images.items()}
    both = sorted(patient for patient in parts["train_val"] & parts["test"] if patient.strip())
    if not both:
        return
    across = set(both)
    theirs = [(image, patient) for image, patient in patients.items() if patient in across]
    first = {
        part: {patient: image for image, patient in reversed(theirs) if image in images}
        for part, images in lists.images.items()
    }
    whats = (
        f"{shown(first['test'][patient])} and {shown(first['train_val'][patient])} of the other list "
        "are of one patient, expected each patient in one list"
        for patient in both
    )
    example = short(min(image for image, _ in theirs if image in lists.images["test"]))
    refusal = f"{len(both):,} patients are in both split lists, with the test image {example} for one"
    error = DataError(refusal, path=folder, remedy=_BY_PATIENT)
    yield Fault(Kind.PATIENT, "error", lists.names["test"], whats, _BY_PATIENT, error)
