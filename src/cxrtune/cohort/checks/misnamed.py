"""Tables and lists that lie in the folder under a name that is not looked for."""

from __future__ import annotations

import os
from pathlib import Path

from cxrtune.cohort.boxes import BOX_LIST
from cxrtune.cohort.nih import TABLE_NAMES
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.cohort.splits import KAGGLES_LISTS, LISTS
from cxrtune.shown import shown

_LOOKED_FOR = (*TABLE_NAMES, *LISTS.values(), BOX_LIST)


def check_file_names(folder: Path) -> list[Problem]:
    """Return files such as `data_entry_2017.csv` or `test_list (1).txt`, not read under that name."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  names are all that is wanted
    except OSError:
        return []
    return [
        Problem(
            Kind.TABLE,
            "warning",
            shown(name),
            f"is not read under this name, expected '{meant}'",
            f"Rename it to {meant}, or move it elsewhere if it is a copy.",
        )
        for name in names
        if name not in (*_LOOKED_FOR, *KAGGLES_LISTS.values()) and (meant := _meant(name)) is not None
    ]


def _meant(name: str) -> str | None:
    bare = _bare(name)
    # The longest first: `Data_Entry_2017` begins `Data_Entry_2017_v2020`.
    for known in sorted(_LOOKED_FOR, key=len, reverse=True):
        stem, suffix = _bare(known).rsplit(".", 1)
        if bare.startswith(stem) and bare.endswith((suffix, suffix + ".gz", "xlsx", "xls")):
            return known
    return None


def _bare(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
