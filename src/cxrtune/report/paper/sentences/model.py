"""What the models are: trained, run as published, or known by a table of predictions only."""

from __future__ import annotations

from cxrtune.evaluation.results import ModelResult
from cxrtune.findings import spoken
from cxrtune.recipe import Recipe
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
    """Name the published models that were run."""
    said = [
        f"{model.title} was used as published [@cohen2022], with its own reader and preprocessing."
        for model in facts.published
    ]
    return " ".join(said) or None


def unknown(facts: Facts) -> str | None:
    """Name the models of which architecture and training are not known."""
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
    """Say what the networks' first weights were."""
    said = [f"{model.name}: {model.origin.rstrip('.')}{_cited(facts, model)}." for model in facts.networks]
    return f"First weights, as stored in the model: {' '.join(said)}" if said else None


def predicted(facts: Facts) -> str | None:
    """Say how predictions of the known models were calculated."""
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
