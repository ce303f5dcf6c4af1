"""Which release of NIH's label table a file is: by its hash, else by known counts and row by row."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cxrtune.cohort.cells import years_of
from cxrtune.cohort.checks import known
from cxrtune.cohort.checks.label_table import LabelTable, in_one_order, read_label_table
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.cohort.recognise import are_of_nih
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table
from cxrtune.shown import quoted, shown


@dataclass(frozen=True)
class Identity:
    """Which release a table is.

    Attributes:
        sentence: In words, with how it is known.
        is_whole: Whether it has the rows of NIH's whole table.
        is_nih: Whether its images are NIH's, wholly or in part.
        problems: What differs from the release.
    """

    sentence: str
    is_whole: bool
    is_nih: bool
    problems: tuple[Problem, ...] = ()


def identify(table: LabelTable) -> Identity:
    """Say which release a table is.

    The bytes tell it for sure. A file that was saved anew is recognised by its counts of rows, patients,
    labels and impossible ages; what else holds NIH's images is compared with v2020 row by row, if
    torchxrayvision is there.
    """
    for release in known.RELEASES:
        if table.sha256 == release.sha256:
            return Identity(
                f"NIH's release {release.name}, byte for byte (SHA-256 {table.sha256[:12]}...)", True, True
            )
    frame = table.frame.drop_duplicates("image")
    counts = _label_counts(frame["labels"])
    is_whole = len(frame) == known.ROWS and frame["patient"].nunique() == known.PATIENTS
    if is_whole and counts == known.LABELS:
        impossible = int(years_of(frame["age"]).isna().sum())
        names = [release.name for release in known.RELEASES if release.impossible_ages == impossible]
        return Identity(
            f"NIH's release {' '.join(names) or '2017 or v2020, with other ages,'} by its counts (rows, "
            f"patients, every label, {impossible} impossible ages), but not its bytes",
            True,
            True,
        )
    if not are_of_nih(frame):
        return Identity("no table of NIH's", is_whole, False)
    return _compared(table, frame, is_whole, counts)


def _compared(table: LabelTable, frame: pd.DataFrame, is_whole: bool, counts: dict[str, int]) -> Identity:
    """Compare NIH's images, in a table that is no known release, with v2020."""
    part = "the images of NIH's whole table" if is_whole else f"{len(frame):,} of NIH's {known.ROWS:,} images"
    path = shipped_table(NIH_TABLE)
    if path is None:
        return Identity(part, is_whole, True)
    ours = frame.set_index("image")["labels"]
    theirs = read_label_table(path).frame.set_index("image")["labels"].reindex(ours.index)
    differing = (in_one_order(ours) != in_one_order(theirs)) & theirs.notna()
    if not differing.any():
        return Identity(f"{part}, with the labels of 2017 and v2020", is_whole, True)
    example = str(differing.idxmax())
    off = ", ".join(
        f"{label} {counts.get(label, 0):,}, expected {expected:,}"
        for label, expected in known.LABELS.items()
        if is_whole and counts.get(label, 0) != expected
    )
    problem = Problem(
        Kind.RELEASE,
        "warning",
        table.file,
        f"the labels of {int(differing.sum()):,} images are not those of NIH's releases 2017 and v2020: "
        f"{shown(example)} has {quoted(ours[example])}, expected '{theirs[example]}'"
        + (f" ({off})" if off else ""),
        "Use v2020, or say with your results that the labels are others: published ones do not compare. "
        "(A first release, of autumn 2017, had other labels too.)",
    )
    return Identity(f"{part}, with labels that are not those of 2017 and v2020", is_whole, True, (problem,))


def _label_counts(labels: pd.Series[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text, images in labels.value_counts().items():
        for label in set(str(text).split("|")):
            counts[label] = counts.get(label, 0) + int(images)
    return counts
