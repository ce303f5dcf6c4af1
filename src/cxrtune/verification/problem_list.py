"""The whole list of problems as a file: CSV, or a JSON object a line."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from cxrtune.errors import UsageError
from cxrtune.files import write_whole
from cxrtune.verification.problem import Problem

_SUFFIXES = (".csv", ".jsonl")


def require_list_name(path: Path) -> None:
    """Refuse a name that says no format.

    Raises:
        UsageError: It ends neither in .csv nor in .jsonl.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            "the list of problems is written as .csv or .jsonl",
            path=path,
            remedy="Name it like: problems.csv",
        )


def write_problems(path: Path, problems: Sequence[Problem]) -> None:
    """Write the problems, one a row, with the attributes of `Problem` as columns.

    Raises:
        UsageError: The name says no format.
        OutputError: The file cannot be written.
    """
    require_list_name(path)
    with write_whole(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        if path.suffix.lower() == ".csv":
            writer = csv.DictWriter(stream, [field.name for field in fields(Problem)])
            writer.writeheader()
            writer.writerows(map(asdict, problems))
        else:
            stream.writelines(json.dumps(asdict(problem), ensure_ascii=False) + "\n" for problem in problems)
