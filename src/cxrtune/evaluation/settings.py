"""Settings of an evaluation: split, replicates, stated prevalences and the prespecified plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cxrtune.errors import DataError, UsageError
from cxrtune.evaluation.statistics.bootstrap import DEFAULT_REPLICATES
from cxrtune.shown import listed, quoted, short

ALL = "all"
"""Name of the split that includes every part of the cohort."""

MACRO = "macro"
"""Name of the mean over the findings as an endpoint."""


@dataclass(frozen=True)
class Plan:
    """What was decided before the scores were seen.

    Attributes:
        primary: The primary endpoint, on which the first model is compared with the second: a finding, or
            `macro`. Its test is not corrected; all others are. None corrects all tests.
        margin: Non-inferiority margin in AUROC; None omits tests of non-inferiority.
    """

    primary: str | None = None
    margin: float | None = None


def check_plan(plan: Plan, findings: Sequence[str]) -> None:
    """Check that a plan is valid for a cohort.

    Raises:
        DataError: The primary endpoint is not one of its findings, or the margin is not valid.
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
    """Check that stated prevalences are valid for a cohort.

    Raises:
        UsageError: A prevalence is for an unknown finding, or outside (0, 1).
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
    """Settings of an evaluation, independent of the models and the cohort.

    Attributes:
        split: `test`, `validation`, `train`, or `all`.
        replicates: Number of bootstrap replicates.
        seed: Random seed of the replicates and tests.
        prevalence: Stated prevalences in (0, 1), by finding.
        plan: What was decided before the scores were seen.
    """

    split: str = "test"
    replicates: int = DEFAULT_REPLICATES
    seed: int = 0
    prevalence: Mapping[str, float] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)

    def check(self, findings: Sequence[str]) -> None:
        """Check that all settings are valid for a cohort with these findings.

        Raises:
            UsageError: A prevalence is for an unknown finding, or outside (0, 1).
            DataError: The plan's endpoint is not a finding of the cohort, or its margin is not valid.
        """
        check_prevalences(self.prevalence, findings)
        check_plan(self.plan, findings)

    def recorded(self) -> dict[str, Any]:
        """Return the settings in the form stored in a provenance record."""
        return {
            "split": self.split,
            "replicates": self.replicates,
            "seed": self.seed,
            "prevalence": dict(self.prevalence),
            "plan": asdict(self.plan),
        }
