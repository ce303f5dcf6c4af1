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
    said = [
        f"Thresholds of {model.name}: {model.threshold_rule.rstrip('.')}{_youden(model)}"
        f"{_on(facts, model, None if model.chosen is None else model.chosen.thresholds)}."
        for model in facts.thresholds
    ]
    if not said:
        return None
    return f"A score at or above the threshold was a positive call. {' '.join(said)}"


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
    said = []
    for model in facts.calibrated:
        methods = dict.fromkeys(result.method for result in model.calibration.values())
        how = listed([_METHODS.get(method.lower(), method) for method in methods])
        on = _on(facts, model, None if model.chosen is None else model.chosen.calibration)
        said.append(
            f"Probabilities of {model.name} were calibrated, each of "
            f"{counted(len(model.calibration), 'finding')} by the "
            f"method with the lowest log loss in cross-validation over patients ({how}){on}."
        )
    if not said:
        return None
    return f"{' '.join(said)} AUROCs rest on the scores before calibration."


def _youden(model: ModelResult) -> str:
    return " [@youden1950]" if "youden" in model.threshold_rule.lower() else ""


def _on(facts: Facts, model: ModelResult, origin: str | None) -> str:
    """Say which images chose, and how many of them were evaluated too."""
    basis = model.chosen
    if basis is None or origin is None:
        return "; on which images is not recorded"
    if origin == "model" and model.name not in facts.trained_here:
        return "; brought by the model, chosen on images that this report does not know"
    return (
        f", on {counted(basis.validation_images, 'image')} of the tuning (validation) part{_overlap(basis)}"
    )


def _overlap(basis: ChosenOn) -> str:
    if not basis.judged:
        return ", none of which was evaluated"
    return f"; {count(basis.judged)} of these were evaluated too, where what they give is too good"
