"""Which AUROCs a model has: it may lack a finding, and a finding may lack positives."""

from __future__ import annotations

from cxrtune.evaluation.results import ModelResult, Results


def area(model: ModelResult, finding: str) -> float | None:
    """Return a model's AUROC for a finding, or None if it is not defined or not given."""
    result = model.findings.get(finding)
    return None if result is None else result.auroc


def defined(model: ModelResult, results: Results) -> list[str]:
    """Return the findings for which a model has an AUROC, in the cohort's order."""
    return [finding for finding in results.findings if area(model, finding) is not None]


def shared(results: Results) -> list[str]:
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
