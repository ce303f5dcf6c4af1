"""NIH's two split lists: there, of one table, and by patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from cxrtune.cohort.checks import known
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.cohort.splits import LISTS, are_kaggles, official_test_patients, read_list, split_lists
from cxrtune.errors import DataError
from cxrtune.shown import shown

_ONE_RELEASE = "Use table and lists of one release, or remove both lists to use NIH's own split."
_OWN_SPLIT = "Put NIH's list there, or remove both lists to use NIH's official test patients."


@dataclass(frozen=True)
class CheckedLists:
    """Who is tested on.

    Attributes:
        sentence: Where the split comes from, in words.
        test: The test images of the table.
        problems: What is wrong with the lists.
    """

    sentence: str
    test: frozenset[str]
    problems: tuple[Problem, ...]


def check_split_lists(folder: Path, patients: pd.Series[str], *, is_nih: bool) -> CheckedLists:
    """Check the lists of a folder.

    Args:
        folder: The data folder.
        patients: The patients by image, of the label table.
        is_nih: Whether the table is NIH's, so that the lists can be compared with the official ones.
    """
    official = frozenset(patients.index[patients.isin(official_test_patients())])
    there = split_lists(folder)
    if not there:
        return CheckedLists("no split lists: NIH's official test patients are tested on", official, ())
    found = _check_there(there, patients, official, is_nih=is_nih)
    if are_kaggles(there.values()) and any(problem.severity == "error" for problem in found.problems):
        # Not read then, so that nothing is wrong that a stage would stop at.
        problems = tuple(replace(problem, severity="warning") for problem in found.problems)
        return CheckedLists(
            "split lists that are not used: NIH's official test patients are", official, problems
        )
    return found


def _check_there(
    there: dict[str, Path], patients: pd.Series[str], official: frozenset[str], *, is_nih: bool
) -> CheckedLists:
    problems: list[Problem] = []
    listed: dict[str, set[str]] = {}
    for part, path in there.items():
        guesses: list[str] = []
        try:
            listed[part] = read_list(path, guesses.append)
        except DataError as error:
            problems.append(Problem(Kind.LIST, "error", path.name, error.message, _OWN_SPLIT))
        problems += [
            Problem(Kind.LIST, "warning", path.name, text.removeprefix(f"{path.name} "), "Save it as UTF-8.")
            for text in guesses
        ]
    names = {part: there[part].name if part in there else LISTS[part] for part in LISTS}
    if len(there) == 1:
        has, lacks = (
            next(iter(there.values())).name,
            next(name for part, name in LISTS.items() if part not in there),
        )
        problems.append(
            Problem(
                Kind.LIST,
                "error",
                lacks,
                f"is not there, but {has} is; expected both or none",
                f"Add {lacks}, or remove {has} to use NIH's official test patients.",
            )
        )
    if len(listed) < len(LISTS):
        return CheckedLists("split lists that cannot be used", official, tuple(problems))
    problems += _against_table(listed, patients, names)
    problems += _patients_across(listed, patients, names)
    if not is_nih:
        sentence = f"own split lists, {len(listed['train_val']):,} and {len(listed['test']):,} images"
    elif listed["test"] >= official and not (listed["train_val"] & official):
        is_whole = (len(listed["train_val"]), len(listed["test"])) == (
            known.TRAIN_VAL_IMAGES,
            known.TEST_IMAGES,
        )
        counts = f"{len(listed['train_val']):,} and {len(listed['test']):,} images"
        sentence = (
            f"NIH's official split lists ({counts})" if is_whole else f"NIH's official split ({counts} of it)"
        )
    else:
        sentence = "split lists that are not NIH's official ones"
        problems.append(
            Problem(
                Kind.LIST,
                "warning",
                names["test"],
                f"is not NIH's official one: {len(listed['test'] - official):,} images more, "
                f"{len(official - listed['test']):,} fewer",
                "Use NIH's lists if the numbers shall be compared with published ones.",
            )
        )
    return CheckedLists(sentence, frozenset(listed["test"]), tuple(problems))


def _against_table(
    listed: dict[str, set[str]], patients: pd.Series[str], names: dict[str, str]
) -> list[Problem]:
    train_val, test, table = listed["train_val"], listed["test"], set(patients.index)
    return [
        *_each(
            train_val & test,
            names["test"],
            "is in both lists, expected in one",
            "Name each image in one list.",
        ),
        *_each(train_val - table, names["train_val"], "is in the list but not in the table", _ONE_RELEASE),
        *_each(test - table, names["test"], "is in the list but not in the table", _ONE_RELEASE),
        *_each(
            table - train_val - test - {""},
            names["train_val"],
            "is in the table but in neither list",
            _ONE_RELEASE,
        ),
    ]


def _each(images: Iterable[str], file: str, what: str, remedy: str) -> list[Problem]:
    return [Problem(Kind.LIST, "error", file, f"{shown(image)} {what}", remedy) for image in sorted(images)]


def _patients_across(
    listed: dict[str, set[str]], patients: pd.Series[str], names: dict[str, str]
) -> list[Problem]:
    # A patient is named by images only: identifiers stay out of what is printed.
    named = patients[patients.str.strip() != ""]
    parts = {part: named[named.index.isin(list(images))] for part, images in listed.items()}
    both = set(parts["train_val"]) & set(parts["test"])
    first = {
        part: images[images.isin(both)].reset_index().drop_duplicates("patient").set_index("patient")["image"]
        for part, images in (
            (part, series.rename("patient").rename_axis("image")) for part, series in parts.items()
        )
    }
    return [
        Problem(
            Kind.PATIENT,
            "error",
            names["test"],
            f"{shown(first['test'][patient])} and {shown(first['train_val'][patient])} of the other list "
            "are of one patient, expected each patient in one list",
            "Split by patient, or remove both lists to use NIH's official test patients.",
        )
        for patient in sorted(both)
    ]
