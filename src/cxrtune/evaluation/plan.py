"""What is decided before the scores are seen: the primary endpoint, and a margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cxrtune.errors import DataError
from cxrtune.shown import listed, short

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
