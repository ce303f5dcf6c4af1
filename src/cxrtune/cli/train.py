"""`cxrtune train`: cohort + pack + recipe -> a run folder."""

from __future__ import annotations

import typer

from cxrtune.cli.options import CohortFile, Out, Overrides, PackFolder, RecipeName, Weights, setting
from cxrtune.cli.switches import reporter_of


def command(
    context: typer.Context,
    cohort: CohortFile,
    pack: PackFolder,
    out: Out,
    recipe: RecipeName = "reference",
    weights: Weights = None,
    overrides: Overrides = None,
) -> None:
    """Fine-tune the last dense block and the head."""
    from cxrtune.models.weights import check_source
    from cxrtune.pipeline.train import train_model
    from cxrtune.recipe import load_recipe

    reporter = reporter_of(context)
    chosen = load_recipe(recipe, [*(overrides or ()), *([setting("weights", weights)] if weights else [])])
    check_source(chosen.weights, say=reporter.say)
    reporter.say(f"train: {train_model(cohort, pack, chosen, out, reporter)}")
