"""Which values are defined, and why others are not, with the counts that they would have rested on."""

from __future__ import annotations

from cxrtune.evaluation.results import AverageResult, FindingResult, ModelResult, StoredResults
from cxrtune.report.notation import count, counted

NOT_GIVEN = "not given by this model"
_NOTHING = "undefined: 0 images with both a score and a label"


def rests_on_nothing(result: FindingResult) -> bool:
    """Tell whether no image has both a score of this model and a known label."""
    return result.support == 0 and result.negatives == 0


def auroc(result: FindingResult) -> str:
    """Say why an AUROC is undefined: it needs a positive and a negative."""
    if rests_on_nothing(result):
        return _NOTHING
    if result.support == 0:
        return f"undefined: 0 positives ({counted(result.negatives, 'negative')})"
    if result.negatives == 0:
        return f"undefined: 0 negatives ({counted(result.support, 'positive')})"
    return f"{NOT_GIVEN} ({counted(result.support, 'positive')}, {counted(result.negatives, 'negative')})"


def at_threshold(result: FindingResult) -> str:
    """Say why a number counted at the threshold is undefined."""
    if rests_on_nothing(result):
        return _NOTHING
    if result.threshold is None:
        return f"undefined: no threshold ({counted(result.support, 'positive')})"
    return f"undefined: {counted(result.support, 'positive')}, {counted(result.called, 'positive call')}"


def specificity(result: FindingResult) -> str:
    """Say why a specificity is undefined."""
    if result.threshold is None or rests_on_nothing(result):
        return at_threshold(result)
    return f"undefined: {counted(result.negatives, 'negative')}"


def average(result: AverageResult) -> str:
    """Say why an average is undefined."""
    return f"undefined: {count(result.over)} values to average"


def area(model: ModelResult, finding: str) -> float | None:
    """Return a model's AUROC for a finding, or None if it is not defined or not given."""
    result = model.findings.get(finding)
    return None if result is None else result.auroc


def defined(model: ModelResult, results: StoredResults) -> list[str]:
    """Return the findings for which a model has an AUROC, in the cohort's order."""
    return [finding for finding in results.findings if area(model, finding) is not None]


def shared(results: StoredResults) -> list[str]:
    """Return the findings for which every model has an AUROC, in the cohort's order."""
    return [
        finding
        for finding in results.findings
        if all(area(model, finding) is not None for model in results.models)
    ]


def mean(model: ModelResult, findings: list[str]) -> float | None:
    """Return the plain mean of a model's AUROCs over findings, or None over none."""
    areas = [known for finding in findings if (known := area(model, finding)) is not None]
    return sum(areas) / len(areas) if areas else None
