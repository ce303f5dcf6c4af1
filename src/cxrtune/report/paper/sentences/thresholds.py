"""What turned scores into calls and into calibrated probabilities."""

from __future__ import annotations

from cxrtune.evaluation.results import ChosenOn, ModelResult
from cxrtune.report.notation import count, counted, listed
from cxrtune.report.paper.facts import Facts

_METHODS = {
    "temperature": "temperature scaling [@guo2017]",
    "platt": "Platt's method [@platt1999]",
    "isotonic": "isotonic regression [@zadrozny2002]",
}


def chosen(facts: Facts) -> str | None:
    """Say how the thresholds of each model came about."""
    said = [_chosen(facts, model) for model in facts.thresholds]
    if not said:
        return None
    return f"A score at or above the threshold was a positive call. {' '.join(said)}"


def _chosen(facts: Facts, model: ModelResult) -> str:
    rule = f"{model.threshold_rule.rstrip('.')}{_youden(model)}"
    origin = None if model.chosen is None else model.chosen.thresholds
    return f"Thresholds of {model.name}: {rule}{_on(facts, model, origin)}."


def none_of(facts: Facts) -> str | None:
    """Say which models made no calls, and why."""
    made = facts.thresholds
    said = [
        f"{model.name} made no calls; thresholds: {model.threshold_rule.rstrip('.')}."
        for model in facts.results.models
        if model not in made
    ]
    return " ".join(said) or None


def calibrated(facts: Facts) -> str | None:
    """Say how probabilities were calibrated."""
    said = [_calibrated(facts, model) for model in facts.calibrated]
    if not said:
        return None
    return f"{' '.join(said)} AUROCs rest on the scores before calibration."


def _calibrated(facts: Facts, model: ModelResult) -> str:
    methods = dict.fromkeys(result.method for result in model.calibration.values())
    how = listed([_METHODS.get(method, method) for method in methods])
    origin = None if model.chosen is None else model.chosen.calibration
    findings = f"{count(len(model.calibration))} of {counted(len(model.findings), 'finding')}"
    by = ""
    if _chosen_on_tuning(facts, model, origin):
        by = ", each by the method with the lowest log loss in cross-validation over patients"
    return (
        f"Probabilities of {model.name} were calibrated for {findings}{by} "
        f"({how}){_on(facts, model, origin)}."
    )


def _chosen_on_tuning(facts: Facts, model: ModelResult, origin: str | None) -> bool:
    return origin == "validation" or (origin == "model" and model.name in facts.trained_here)


def _on(facts: Facts, model: ModelResult, origin: str | None) -> str:
    """Say which images chose, and how many of them were evaluated too."""
    basis = model.chosen
    if basis is None or origin is None:
        return "; on which images is not recorded"
    if not _chosen_on_tuning(facts, model, origin):
        return "; brought along, chosen on images that this report does not know"
    return (
        f", on {counted(basis.validation_images, 'image')} of the tuning (validation) part{_overlap(basis)}"
    )


def _youden(model: ModelResult) -> str:
    return " [@youden1950]" if "youden" in model.threshold_rule.lower() else ""


def _overlap(basis: ChosenOn) -> str:
    if not basis.judged:
        return ", none of which was evaluated"
    return f"; {count(basis.judged)} of these were evaluated too, where what they give is too good"
