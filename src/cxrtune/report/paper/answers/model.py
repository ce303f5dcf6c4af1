"""Answers about the models: architecture, software, training, output, imbalance, fairness, updating."""

from __future__ import annotations

from cxrtune.report.notation import count, counted
from cxrtune.report.paper.answers.data import PROVENANCE
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import (
    ItemAnswer,
    author,
    filled,
    filled_or_author,
    joined,
    not_done,
    of_all_models,
)
from cxrtune.report.paper.sentences import data, model, statistics

TRAINING = "index.html: Training, Provenance"
THRESHOLDS = "results.json: models"
MODEL_CARD = "index.html: Model card, Provenance"
CALIBRATION = "index.html: Calibration; tables/calibration.csv"
_NOT_DEVELOPED = "No model was developed in this run: the item is for the development of a model."


def software(facts: Facts) -> ItemAnswer:
    """Software and its versions."""
    return filled_or_author(statistics.software(facts), "name the software and its versions.", PROVENANCE)


def built(facts: Facts) -> ItemAnswer:
    """Type of model, its rationale, and how it was built and tuned."""
    if not facts.developed:
        return not_done(_NOT_DEVELOPED)
    known = joined(
        model.described(facts),
        model.trained(facts),
        model.selected(facts),
        "Hyperparameters were those of the recipe; a search over them is not recorded.",
    )
    return author("say why this type of model.", known, TRAINING)


def specification(facts: Facts) -> ItemAnswer:
    """The complete model specification, for use by others."""
    if not facts.developed:
        return not_done(_NOT_DEVELOPED)
    files = [
        f"{output.name} (SHA-256 {output.sha256}) of {one.name}"
        for one in facts.networks
        for output in facts.training(one).outputs
        if output.name.endswith(".safetensors")
    ]
    return author(
        "say where the file can be had, and under which conditions.",
        f"The model is the file {'; '.join(files)}; cxrtune runs it." if files else None,
        PROVENANCE,
    )


def predictors_chosen(facts: Facts) -> ItemAnswer:
    """The predictors, and how they were chosen."""
    if not facts.developed:
        return not_done(_NOT_DEVELOPED)
    return filled("The image was the only predictor; nothing was selected before training.")


def _image_and_preprocessing(facts: Facts) -> str | None:
    return joined("The predictor is the image.", data.preprocessing(facts)) if facts.networks else None


def _nobody(facts: Facts) -> str | None:
    return "Nobody: the predictor is the image." if facts.networks else None


def predictors_handled(facts: Facts) -> ItemAnswer:
    """How predictors were transformed."""
    if not facts.developed:
        return not_done(_NOT_DEVELOPED)
    return filled_or_author(data.preprocessing(facts), "say how images were transformed.", PROVENANCE)


def _imbalance(facts: Facts) -> str | None:
    return joined(model.imbalance(facts), statistics.calibrated(facts)) if facts.networks else None


def fairness(facts: Facts) -> ItemAnswer:
    """Approaches to fairness."""
    groups = statistics.groups(facts)
    return not_done(
        joined(
            "Neither the software nor this run did anything to make a model fairer.",
            groups or "Performance was not described in groups: none could be formed.",
        )
        or "",
        "index.html: Subgroups" if groups else "",
    )


def output(facts: Facts) -> ItemAnswer:
    """Output of the model, and how decisions are made."""
    if not facts.developed:
        return not_done(_NOT_DEVELOPED)
    known = joined(
        "The output is a probability of each finding.",
        statistics.thresholds_chosen(facts),
        statistics.without_thresholds(facts),
    )
    return author("say why these thresholds; no rule is a recommendation.", known, THRESHOLDS)


def users(facts: Facts) -> ItemAnswer:
    """What users must do and know."""
    if not facts.developed:
        return not_done("No model was developed in this run.")
    return author("say what users must do and know.", "cxrtune needs nothing but the image.")


def updated(facts: Facts) -> ItemAnswer:
    """Whether evaluation led to an updated model."""
    known = statistics.calibrated(facts)
    if known is None:
        return not_done("No model was updated or recalibrated.")
    return filled(f"Nothing was updated on the evaluated images. {known}", CALIBRATION)


def results_of_update(facts: Facts) -> ItemAnswer:
    """Performance of updated models."""
    if not facts.calibrated:
        return not_done("No model was updated or recalibrated.")
    said = []
    for one in facts.calibrated:
        all_of = len(one.calibration)
        lower = sum(found.after.log_loss < found.before.log_loss for found in one.calibration.values())
        said.append(
            f"On the evaluated images calibration lowered the log loss of {one.name} in {count(lower)} of "
            f"{counted(all_of, 'finding')} and did not in {count(all_of - lower)}."
        )
    return filled(" ".join(said), CALIBRATION)


described = of_all_models(model.described, "describe these models, or cite what does.", MODEL_CARD)
initialised = of_all_models(model.initialised, "say how these models were initialised.", MODEL_CARD)
trained = of_all_models(model.trained, "say how these models were trained.", TRAINING)
selected = of_all_models(model.selected, "say how these models were selected.", TRAINING)
ensembled = of_all_models(model.ensembled, "say whether these models are ensembles.", TRAINING)
predicted = of_all_models(model.predicted, "say how these predictions were calculated.", PROVENANCE)
predictors_defined = of_all_models(
    _image_and_preprocessing, "define the predictors of these models.", PROVENANCE
)
predictors_assessed = of_all_models(
    _nobody, "say who assessed the predictors of these models, if anybody did."
)
imbalance = of_all_models(_imbalance, "say how these models met class imbalance.", TRAINING)
