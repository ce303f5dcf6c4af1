"""The result of checking a data folder: a few lines for the terminal, and the complete list as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from cxrtune.cohort.problem import Problem
from cxrtune.errors import UsageError
from cxrtune.files import write_whole
from cxrtune.images.dicom import Allowance
from cxrtune.shown import shown


@dataclass(frozen=True)
class Settings:
    """Which checks to run.

    Attributes:
        decode: Whether to open every image; otherwise only names, sizes and bytes are checked.
        workers: Number of decoding processes.
        allow: DICOM properties that are accepted although they are rejected by default.
    """

    decode: bool
    workers: int
    allow: frozenset[Allowance] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """The problems, errors first, and what was checked.

    Attributes:
        problems: All problems.
        facts: What was checked, one line per check.
    """

    problems: tuple[Problem, ...]
    facts: tuple[str, ...]

    @classmethod
    def of(cls, problems: Sequence[Problem], facts: Sequence[str]) -> Verdict:
        """Create a verdict, errors first; problems of equal severity keep the order of the checks."""
        ordered = sorted(problems, key=lambda problem: problem.severity != "error")
        return cls(tuple(ordered), tuple(facts))

    @property
    def errors(self) -> int:
        """Number of errors."""
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def warnings(self) -> int:
        """Number of warnings."""
        return len(self.problems) - self.errors


_LONGEST = 400  # characters of a problem shown in the terminal; the written list has the full text


def problem_lines(verdict: Verdict, examples: int) -> Iterator[str]:
    """Yield the groups of problems as text; the first line of each group begins with its severity.

    Args:
        verdict: The result of the checks.
        examples: Number of problems to show per group.
    """
    groups: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in verdict.problems:
        groups.setdefault((problem.severity, problem.kind, problem.remedy), []).append(problem)
    for group in groups.values():
        yield from _group_lines(group, examples)
        yield ""


def closing_lines(verdict: Verdict) -> Iterator[str]:
    """Yield what was checked, and the conclusion; a single line if there are no problems."""
    if verdict.problems:
        yield from verdict.facts
        yield _last_line(verdict)
    else:
        yield f"Nothing is wrong. {'; '.join(verdict.facts)}."


def _group_lines(group: Sequence[Problem], examples: int) -> Iterator[str]:
    first, more = group[0], len(group) - examples
    said_once = len({problem.what for problem in group}) == 1
    head = _fit(first.what) if said_once and len(group) > 1 else first.kind.meaning
    yield f"{first.severity}: {first.kind} ({len(group):,}): {head}"
    if said_once and len(group) > 1:
        files = ", ".join(problem.file for problem in group[:examples])
        yield f"    {files}" + (f" and {more:,} more" if more > 0 else "")
    else:
        for problem in group[:examples]:
            yield f"    {problem.file}: {_fit(problem.what)}"
        if more > 0:
            yield f"    and {more:,} more"
    yield f"    -> {first.remedy}"


def _fit(text: str) -> str:
    """Return a text that is safe to print: a table's text may contain control characters or be very long."""
    return shown(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")


def _last_line(verdict: Verdict) -> str:
    parts = [
        _counted(
            verdict.errors,
            "error",
            {problem.kind for problem in verdict.problems if problem.severity == "error"},
        ),
        _counted(
            verdict.warnings,
            "warning",
            {problem.kind for problem in verdict.problems if problem.severity == "warning"},
        ),
    ]
    advice = (
        "cxrtune would refuse this folder, or learn from wrong data, until the errors are mended"
        if verdict.errors
        else "cxrtune can work with this folder as it is"
    )
    return f"{' and '.join(part for part in parts if part)}: {advice}."


def _counted(number: int, noun: str, kinds: Set[str]) -> str:
    if number == 0:
        return "" if noun == "warning" else "No errors"
    of_kinds = f" of {len(kinds)} kinds" if len(kinds) > 1 else ""
    return f"{number:,} {noun}{'' if number == 1 else 's'}{of_kinds}"


_SUFFIXES = (".csv", ".jsonl")


def require_list_name(path: Path) -> None:
    """Check that a file name has a suffix of a supported format.

    Raises:
        UsageError: The name ends in neither .csv nor .jsonl.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            "the list of problems is written as .csv or .jsonl",
            path=path,
            remedy="Name it like: problems.csv",
        )


def write_problems(path: Path, problems: Sequence[Problem]) -> None:
    """Write the problems, one row per problem, with the attributes of `Problem` as columns.

    Raises:
        UsageError: The name has no supported suffix.
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
