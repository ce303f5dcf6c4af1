"""Sentences about the models, their training, and the choice of weights."""

from __future__ import annotations

from cxrtune.evaluation.results import ModelResult
from cxrtune.findings import spoken
from cxrtune.recipe import AugmentationSpec, Recipe, ScheduleSpec
from cxrtune.report.notation import counted, listed
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.sentences.data import square

_LEARNED = {
    "denseblock3": "everything from dense block 3 on",
    "all": "all layers",
}


def described(facts: Facts) -> str | None:
    """Describe each model that was trained or fitted."""
    said = [_network(model, facts.recipes[model.name]) for model in facts.networks]
    said += [
        f"{model.name} was a logistic regression on the mean of the frozen trunk's output."
        for model in facts.probes
    ]
    return " ".join(said) or None


def published(facts: Facts) -> str | None:
    """Name the published models that were used."""
    said = [
        f"{model.title} was used as published [@cohen2022], with its own reader and preprocessing."
        for model in facts.published
    ]
    return " ".join(said) or None


def unknown(facts: Facts) -> str | None:
    """Name the models with unknown architecture and training."""
    given = [model for model in facts.others if model.name not in facts.lineage.trainings]
    names = [f"{model.name} ({model.title}; {model.origin.rstrip('.')})" for model in given]
    rest = "architecture and training are not known to this report"
    said = [f"Of {listed(names)} only predictions were given; {rest}."] if names else []
    said += [
        f"{model.name} was trained by a recipe that this version of cxrtune cannot read in the record."
        for model in facts.others
        if model not in given
    ]
    return " ".join(said) or None


def initialised(facts: Facts) -> str | None:
    """Describe the initial weights of the networks."""
    said = [f"{model.name}: {model.origin.rstrip('.')}{_cited(facts, model)}." for model in facts.networks]
    return f"First weights, as stored in the model: {' '.join(said)}" if said else None


def predicted(facts: Facts) -> str | None:
    """Describe how predictions of the known models were calculated."""
    said = []
    for model in facts.networks:
        flip = (
            ", averaged over the image and its mirror image"
            if facts.recipes[model.name].prediction.flip
            else ""
        )
        said.append(f"{model.name}'s predictions were the logistic function of the network's outputs{flip}.")
    return " ".join(said) or None


def _network(model: ModelResult, recipe: Recipe) -> str:
    pooling = "average pooling"
    if recipe.head.pooling == "lse":
        pooling = f"log-sum-exp pooling (sharpness {recipe.head.sharpness:g}) [@pinheiro2015]"
    findings = [spoken(finding) for finding, result in model.findings.items() if _given(model, finding)]
    frozen, second = "Layers", ""
    if recipe.unfreeze.part != "none":
        frozen, second = (
            "In a first stage layers",
            f"; a second stage trained {_LEARNED[recipe.unfreeze.part]}",
        )
    return (
        f"{model.name} was a DenseNet-121 [@huang2017] for input of {square(recipe.preprocess)}, with "
        f"{pooling} of the last feature map and one linear output for each of "
        f"{counted(len(findings), 'finding')} ({listed(findings)}), each a probability by the logistic "
        f"function. {frozen} up to transition 3 stayed frozen, their batch-normalisation statistics too, and "
        f"dense block 4, the last normalisation and the head were trained{second}."
    )


def _given(model: ModelResult, finding: str) -> bool:
    result = model.findings[finding]
    return result.auroc is not None or result.threshold is not None


def _cited(facts: Facts, model: ModelResult) -> str:
    return " [@deng2009]" if facts.recipes[model.name].weights == "imagenet" else ""


def trained(facts: Facts) -> str | None:
    """Describe how each network was trained, and the probe fitted."""
    said = [_trained(model.name, facts.recipes[model.name]) for model in facts.networks]
    said += [_probe(facts, model) for model in facts.probes]
    return " ".join(said) or None


def imbalance(facts: Facts) -> str | None:
    """Describe how rare findings were handled."""
    if not facts.networks:
        return None
    return " ".join(f"{model.name}: {_weighted(facts.recipes[model.name])}." for model in facts.networks)


def selected(facts: Facts) -> str | None:
    """State which epoch's weights were kept."""
    said = []
    for model in facts.networks:
        recipe, counts = facts.recipes[model.name], facts.training(model).counts
        best = counts.get("best_epoch")
        which = "" if best is None else f" (epoch {best}{_of(counts.get('epochs'))})"
        by = {"val_loss": "the lowest loss", "val_auroc": "the highest macro AUROC"}[recipe.training.monitor]
        said.append(
            f"Of {model.name} the weights of the epoch with {by} on the tuning part were kept{which}."
        )
    return " ".join(said) or None


def ensembled(facts: Facts) -> str | None:
    """State that no ensemble was used, and what was averaged."""
    if not facts.networks:
        return None
    said = ["No ensemble of models was made."]
    for model in facts.networks:
        recipe = facts.recipes[model.name]
        if recipe.training.ema:
            said.append(
                f"The weights of {model.name} are an exponential moving average (decay "
                f"{recipe.training.ema:g})."
            )
        if recipe.prediction.flip:
            said.append(f"{model.name} averages the outputs of an image and its mirror image.")
    return " ".join(said)


def _trained(name: str, recipe: Recipe) -> str:
    training = recipe.training
    stop = ""
    if training.early_stopping:
        stop = f", with early stopping after {counted(training.early_stopping, 'epoch')} without improvement"
    said = (
        f"{name} was trained for at most {counted(training.epochs, 'epoch')}{stop}, by Adam [@kingma2015] "
        f"(learning rate {training.learning_rate:g}, weight decay {training.weight_decay:g}, batches of "
        f"{training.batch_size}) on the binary cross-entropy; {_weighted(recipe)}. "
        f"{_rate(training.schedule)} Training images were augmented: "
        f"{_augmented(recipe.augmentation)}{_views(recipe)}. One training was made, with seed {recipe.seed}."
    )
    if recipe.unfreeze.part == "none":
        return said
    unfreeze = recipe.unfreeze
    return (
        f"{said} The second stage had at most {counted(unfreeze.epochs, 'epoch')}, a learning rate of "
        f"{unfreeze.learning_rate:g} at the head and {unfreeze.layer_decay:g} times that of the block above "
        "at each block below."
    )


def _weighted(recipe: Recipe) -> str:
    if recipe.training.class_weights == "none":
        return "positives and negatives had equal weights"
    return (
        "the positives of each finding were weighted by the negatives over the positives of the training part"
    )


def _rate(schedule: ScheduleSpec) -> str:
    if schedule.name == "plateau":
        how = (
            f"was multiplied by {schedule.factor:g} after {counted(schedule.patience, 'epoch')} without a "
            "lower loss on the tuning part"
        )
    elif schedule.name == "cosine":
        how = "fell to 0 by a cosine"
    else:
        how = "was constant"
    warm = f" after a linear warm-up of {100 * schedule.warmup:g} % of the steps" if schedule.warmup else ""
    return f"The learning rate {how}{warm}."


def _augmented(spec: AugmentationSpec) -> str:
    low, high = spec.scale
    parts = [
        f"rotation up to {spec.rotation:g}°" if spec.rotation else "",
        f"shifts up to {100 * spec.shift:g} % of the side" if spec.shift else "",
        f"magnification {low:g} to {high:g}" if (low, high) != (1, 1) else "",
        f"shear up to {spec.shear:g}°" if spec.shear else "",
        f"horizontal flips with probability {spec.flip:g}" if spec.flip else "",
    ]
    return listed([part for part in parts if part]) or "not at all"


def _views(recipe: Recipe) -> str:
    if recipe.bank.store == "none":
        return ", drawn anew in every epoch"
    views = recipe.bank.views
    redrawn = (
        f", the latter drawn anew every {counted(recipe.bank.refresh, 'epoch')}"
        if recipe.bank.refresh
        else ""
    )
    return f" (one plain and {counted(views - 1, 'augmented view')} of each, in turn{redrawn})"


def _probe(facts: Facts, model: ModelResult) -> str:
    strengths = facts.lineage.tables[model.name].settings.get("strengths", [])
    among = f" among {', '.join(f'{value:g}' for value in strengths)}" if strengths else ""
    return f"The regularisation C of {model.name} was chosen on the tuning part{among}."


def _of(epochs: object) -> str:
    return f" of {epochs}" if epochs is not None else ""
