"""Two label tables in one folder: which one is used, and in what they differ."""

from __future__ import annotations

from cxrtune.cohort.cells import years_of
from cxrtune.cohort.checks.label_table import LabelTable, in_one_order
from cxrtune.cohort.problem import Kind, Problem

_NUMBERS = ("patient", "followup")
_COMPARED = {
    "labels": "labels",
    "followup": "follow-up numbers",
    "age": "ages",
    "patient": "patients",
    "view": "views",
    "sex": "sexes",
}


def check_two_tables(used: LabelTable, other: LabelTable) -> list[Problem]:
    """Say which of two label tables cxrtune uses, and in what they differ."""
    ours, theirs = (table.frame.drop_duplicates("image").set_index("image") for table in (used, other))
    both = ours.index.intersection(theirs.index)
    parts = [
        f"{len(one.index.difference(both)):,} images are in {table.file} only"
        for table, one in ((used, ours), (other, theirs))
        if len(one.index.difference(both))
    ]
    for column, spoken in _COMPARED.items():
        pair = [one.loc[both, column] for one in (ours, theirs)]
        if column == "age":
            pair = [years_of(one).astype("float").fillna(-1) for one in pair]
        elif column in _NUMBERS:
            pair = [one.str.strip().str.lstrip("0") for one in pair]
        elif column == "labels":
            pair = [in_one_order(one) for one in pair]
        different = int((pair[0].to_numpy() != pair[1].to_numpy()).sum())
        if different:
            parts.append(f"the {spoken} of {different:,} images differ")
    if not parts:
        what = f"stands beside {used.file} and says the same; cxrtune reads {used.file}"
    else:
        what = f"stands beside {used.file} and differs: {', '.join(parts)}; cxrtune reads {used.file}"
    return [Problem(Kind.RELEASE, "warning", other.file, what, "Keep the one that you mean.")]
