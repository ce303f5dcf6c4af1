"""What a check of a data folder came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cxrtune.images.dicom import Allowance
from cxrtune.verification.problem import Problem


@dataclass(frozen=True)
class Settings:
    """How thoroughly to check.

    Attributes:
        decode: Open every image; otherwise names, sizes and bytes only.
        workers: Number of decoding processes.
        allow: What is let in of DICOM that is refused otherwise.
    """

    decode: bool
    workers: int
    allow: frozenset[Allowance] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """The problems, errors first, and what was looked at.

    Attributes:
        problems: All of them.
        facts: What was checked against what, a line each.
    """

    problems: tuple[Problem, ...]
    facts: tuple[str, ...]

    @classmethod
    def of(cls, problems: Sequence[Problem], facts: Sequence[str]) -> Verdict:
        """Make a verdict, errors first; within a severity the checks keep their order."""
        ordered = sorted(problems, key=lambda problem: problem.severity != "error")
        return cls(tuple(ordered), tuple(facts))

    @property
    def errors(self) -> int:
        """How many are errors."""
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many are warnings."""
        return len(self.problems) - self.errors
