"""Sentences about thresholds, measures and comparisons; for the formulas see docs/statistics.md."""

from __future__ import annotations

from cxrtune.evaluation.results import ChosenOn, ModelResult
from cxrtune.evaluation.settings import MACRO
from cxrtune.evaluation.statistics.effective_size import LEVEL
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS
from cxrtune.findings import spoken
from cxrtune.report.notation import count, counted, listed
from cxrtune.report.paper.facts import Facts

_ADJUDICATED = "Majkowska"
_CALIBRATIONS = {
    "temperature": "temperature scaling [@guo2017]",
    "platt": "Platt's method [@platt1999]",
    "isotonic": "isotonic regression [@zadrozny2002]",
}


def measures(facts: Facts) -> str:
    """Describe the performance measures."""
    said = [
        "Discrimination was measured by the area under the ROC curve (AUROC) [@hanley1982], ties counting "
        "one half, and by average precision [@manning2008], for each finding and as the mean over findings."
    ]
    if any(model.curves for model in facts.results.models):
        said.append(
            "Sensitivity at fixed specificity, the reverse, and partial AUROCs were read off the same curves."
        )
    if facts.thresholds:
        said.append(
            "At the thresholds, sensitivity, specificity, predictive values, likelihood ratios and F1 were "
            "counted."
        )
    if facts.calibrated:
        said.append(
            "Calibration was measured by the Brier score [@brier1950], the log loss and the expected "
            "calibration error over ten bins of equal mass [@nixon2019], beside that of a perfect model of "
            "the same size, and by the intercept and slope of a logistic regression on the logit of the "
            f"probability, before and after; a reliability diagram shows that of {facts.calibrated[0].name}."
        )
    if any(model.prevalence for model in facts.results.models):
        said.append("Predictive values at stated prevalences followed from Bayes' rule [@saerens2002].")
    if facts.wrote("net_benefit.csv"):
        said.append("Clinical utility was measured by net benefit.")
    return " ".join(said)


def uncertainty(facts: Facts) -> str | None:
    """Describe how intervals were computed; None without intervals."""
    bootstrap = facts.results.bootstrap
    if bootstrap is None:
        return None
    said = [
        "Intervals were 95 % intervals that took the images of a patient as alike as they are. That of an "
        "AUROC was Newcombe's score interval [@newcombe2006], with effective numbers of images by the design "
        "effect of the patients [@obuchowski1997; @korn1998]."
    ]
    if facts.thresholds:
        said.append(
            "Those of sensitivity, specificity and precision were exact mid-p intervals [@berry1995] with "
            "the same design effect."
        )
    made = ["means of AUROCs", *(["gaps between groups"] if facts.results.attributes else [])]
    said.append(
        f"Those of {listed(made)} were made from the intervals of their parts and the correlations between "
        "patients' contributions (MOVER) [@zou2009]."
    )
    drawn = ["average precision", *(["F1"] if facts.thresholds else [])]
    percentile = "; that of the Brier score was the percentile interval" if facts.calibrated else ""
    said.append(
        f"Those of {listed(drawn)} and of their means were Student's on the logit scale, by the spread of "
        f"{counted(bootstrap.replicates, 'replicate')} in which {counted(bootstrap.patients, 'patient')} "
        f"were drawn with all their images [@efron1979; @field2007] (seed {bootstrap.seed}){percentile}."
    )
    return " ".join(said)


def comparison(facts: Facts) -> str | None:
    """Describe how models were compared; None without comparisons."""
    if not facts.results.comparisons or facts.results.bootstrap is None:
        return None
    over = "findings and their means"
    if len(facts.results.comparisons) > 1:
        over += f" and the {count(len(facts.results.comparisons))} pairs of models"
    said = [
        "Two models were compared on the same images by random swaps of their ranks within patients "
        f"[@venkatraman1996], two-sided at {LEVEL:g}, with Holm's correction [@holm1979] over {over}. A "
        f"finding with fewer than {count(FEWEST_PATIENTS)} patients with it, or without it, was not tested. "
        "The interval of a difference held what the same swaps did not reject. DeLong's test [@delong1988], "
        "which takes images as independent, was reported beside it and decided nothing.",
        *_planned(facts),
    ]
    if facts.results.call_comparisons:
        said.append(
            "Sensitivities and specificities at the thresholds were compared by the same swaps (McNemar's "
            "exact test where each patient has one image), with Holm's correction over findings and pairs, "
            "each measure by itself."
        )
    return " ".join(said)


def _planned(facts: Facts) -> list[str]:
    """State the primary endpoint and the margin."""
    results, said = facts.results, []
    if results.primary is not None:
        named = "the macro AUROC" if results.primary == MACRO else f"the AUROC of {spoken(results.primary)}"
        first = results.comparisons[0]
        said.append(
            f"The primary endpoint was {named}, {first.first} against {first.second}, tested without "
            "correction."
        )
    margin = results.comparisons[0].macro.margin
    if margin is not None:
        said.append(
            f"Non-inferiority was tested with a margin of {margin:g} AUROC, one-sided at 0.025, by the same "
            "swaps."
        )
    return said


def groups(facts: Facts) -> str | None:
    """State the subgroups in which models were evaluated; None without subgroups."""
    names = [attribute.name.lower() for attribute in facts.results.attributes]
    if not names:
        return None
    return (
        f"Performance was described in groups by {listed(names)}, with gaps to the largest group; the gaps "
        "of a model's mean AUROC have a second interval that holds all of them together (Bonferroni)."
    )


def other_labels(facts: Facts) -> str | None:
    """State the other reference standards; None without any."""
    said = [
        f"All models were also judged by {truth.name} of "
        f"{counted(truth.images, 'image')}{' [@majkowska2020]' if _ADJUDICATED in truth.source else ''}."
        for truth in facts.results.second_truths
    ]
    return " ".join(said) or None


def localization(facts: Facts) -> str | None:
    """Describe how class activation maps were evaluated; None without any."""
    located = facts.results.localizations
    if not located:
        return None
    drawn = {
        "nih": "boxes that a radiologist drew [@wang2017]",
        "synthetic": "the boxes with which the images were drawn",
    }.get(facts.results.origin.boxes, "boxes of a list that was given")
    return (
        f"Heatmaps of {listed([one.model for one in located])} were judged against {drawn}, by the pointing "
        "game [@zhang2018] and by the intersection over union, beside a random map and the centre of a lung."
    )


def software(facts: Facts) -> str | None:
    """State the software and its versions; None if there is no record."""
    record = facts.lineage.evaluation
    if record is None or not record.versions:
        return None
    named = [
        f"{name} {version}"
        for name, version in record.versions.items()
        if name != "machine" and version != "not installed"
    ]
    return f"Software: {listed(named)}."


def thresholds_chosen(facts: Facts) -> str | None:
    """State how the thresholds of each model were chosen."""
    said = [_chosen(facts, model) for model in facts.thresholds]
    if not said:
        return None
    return f"A score at or above the threshold was a positive call. {' '.join(said)}"


def _chosen(facts: Facts, model: ModelResult) -> str:
    rule = f"{model.threshold_rule.rstrip('.')}{_youden(model)}"
    origin = None if model.chosen is None else model.chosen.thresholds
    return f"Thresholds of {model.name}: {rule}{_on(facts, model, origin)}."


def without_thresholds(facts: Facts) -> str | None:
    """State which models have no thresholds, and why."""
    made = facts.thresholds
    said = [
        f"{model.name} made no calls; thresholds: {model.threshold_rule.rstrip('.')}."
        for model in facts.results.models
        if model not in made
    ]
    return " ".join(said) or None


def calibrated(facts: Facts) -> str | None:
    """Describe how probabilities were calibrated."""
    said = [_calibrated(facts, model) for model in facts.calibrated]
    if not said:
        return None
    return f"{' '.join(said)} AUROCs rest on the scores before calibration."


def _calibrated(facts: Facts, model: ModelResult) -> str:
    methods = dict.fromkeys(result.method for result in model.calibration.values())
    how = listed([_CALIBRATIONS.get(method, method) for method in methods])
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
    """State which images were used for the choice, and how many of them were also evaluated."""
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
