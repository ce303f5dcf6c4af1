"""How an evaluation is made: the part, the draws, stated prevalences, and what was decided beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cxrtune.errors import DataError, UsageError
from cxrtune.evaluation.statistics.bootstrap import DEFAULT_REPLICATES
from cxrtune.shown import listed, quoted, short

ALL = "all"
"""The split that is every part of the cohort together."""

MACRO = "macro"
"""The mean over the findings, where an endpoint is named."""


@dataclass(frozen=True)
class Plan:
    """What was decided before the scores were seen.

    Attributes:
        primary: The primary endpoint, on which the first model is compared with the second: a finding, or
            `macro`. Its test is not corrected, and all others are. None corrects all of them.
        margin: By how much AUROC a model may be worse and still count as not inferior; None asks nothing.
    """

    primary: str | None = None
    margin: float | None = None


def check_plan(plan: Plan, findings: Sequence[str]) -> None:
    """Check that a plan can be meant for a cohort.

    Raises:
        DataError: The primary endpoint is none of its findings, or the margin is no difference of AUROC.
    """
    if plan.primary is not None and plan.primary not in (MACRO, *findings):
        raise DataError(
            f"the primary endpoint is {short(plan.primary)}, which is no finding of the cohort",
            remedy=f"Name {MACRO} (the mean over the findings), or one of {listed(findings, 30)}.",
        )
    if plan.margin is not None and not 0 < plan.margin < 1:
        raise DataError(
            f"the margin of non-inferiority is {plan.margin:g}; it must lie between 0 and 1",
            remedy="It is a difference of AUROC, such as 0.02.",
        )


def check_prevalences(prevalence: Mapping[str, float], findings: Sequence[str]) -> None:
    """Check that stated prevalences can be meant for a cohort.

    Raises:
        UsageError: One is of another finding, or outside (0, 1).
    """
    for finding, share in prevalence.items():
        if finding not in findings:
            raise UsageError(
                f"a prevalence is stated for {quoted(finding)}, which is no finding of the cohort",
                remedy=f"Its findings are {listed(findings, 30)}.",
            )
        if not 0 < share < 1:
            raise UsageError(
                f"the prevalence of {finding} is {share:g}; it must lie between 0 and 1",
                remedy="Write it like: `prevalence` Effusion=0.05",
            )


@dataclass(frozen=True)
class EvaluationSettings:
    """What is asked of an evaluation, whatever is evaluated.

    Attributes:
        split: `test`, `validation`, `train`, or `all`.
        replicates: How many times the patients are drawn for intervals and tests.
        seed: Decides which.
        prevalence: Stated prevalences in (0, 1), by finding.
        plan: What was decided before the scores were seen.
    """

    split: str = "test"
    replicates: int = DEFAULT_REPLICATES
    seed: int = 0
    prevalence: Mapping[str, float] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)

    def check(self, findings: Sequence[str]) -> None:
        """Check that all of it can be meant for a cohort with these findings.

        Raises:
            UsageError: A prevalence is of another finding, or outside (0, 1).
            DataError: The plan names no finding of the cohort, or its margin is none.
        """
        check_prevalences(self.prevalence, findings)
        check_plan(self.plan, findings)

    def recorded(self) -> dict[str, Any]:
        """Return the settings as a record of provenance keeps them."""
        return {
            "split": self.split,
            "replicates": self.replicates,
            "seed": self.seed,
            "prevalence": dict(self.prevalence),
            "plan": asdict(self.plan),
        }
