"""`cxrtune train`: cohort + pack + recipe -> a run folder."""

from __future__ import annotations

import typer

from cxrtune.cli import training_options as training
from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import CohortFile, Out, PackFolder


def command(
    context: typer.Context,
    cohort: CohortFile,
    pack: PackFolder,
    out: Out,
    recipe: training.RecipeName = "reference",
    weights: training.Weights = None,
    overrides: training.Overrides = None,
    bank: training.Bank = None,
    views: training.Views = None,
    bank_precision: training.BankPrecision = None,
    engine: training.EngineOption = None,
    resume: training.Resume = True,
    tracker: training.Tracker = None,
    devices: training.Devices = 1,
    num_nodes: training.NumNodes = 1,
) -> None:
    """Fine-tune the last dense block and the head."""
    from cxrtune.experiment.train import train_model
    from cxrtune.models.weights import check_source
    from cxrtune.packs.dataset import Dataset
    from cxrtune.recipe_file import load_recipe
    from cxrtune.training.team import is_helper

    reporter = reporter_of(context)
    changes = training.overrides_of(
        overrides, weights=weights, bank=bank, views=views, bank_precision=bank_precision, engine=engine
    )
    chosen = load_recipe(recipe, changes, reporter.warn)
    circumstances = training.circumstances_of(tracker, resume=resume, devices=devices, num_nodes=num_nodes)
    if not is_helper():
        check_source(chosen.weights, say=reporter.say)
    model = train_model(lambda: Dataset.open(cohort, pack, chosen), chosen, out, reporter, circumstances)
    if not is_helper():
        reporter.say(f"train: {model}")
