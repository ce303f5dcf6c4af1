"""`cxrtune demo` and `cxrtune phantom`: synthetic radiographs, with the whole experiment on them or alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli import training_options as training
from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import Out, Workers


def command(
    context: typer.Context,
    out: Out = Path("runs/demo"),
    recipe: training.RecipeName = "demo",
    overrides: training.Overrides = None,
    images: Annotated[int, typer.Option("--images", min=60, help="How many radiographs to draw.")] = 900,
    workers: Workers = None,
) -> None:
    """Run the whole experiment on synthetic radiographs, with nothing from outside."""
    from cxrtune.cli.result_tables import print_outcome
    from cxrtune.experiment.demo import run_demo
    from cxrtune.processors import processor_count
    from cxrtune.recipe_file import load_recipe

    reporter = reporter_of(context)
    outcome = run_demo(
        out,
        load_recipe(recipe, overrides or (), reporter.warn),
        images=images,
        workers=workers or processor_count(),
        reporter=reporter,
    )
    if outcome is not None:
        print_outcome(outcome, reporter)


def phantom(
    context: typer.Context,
    out: Out,
    images: Annotated[int, typer.Option("--images", min=1, help="How many to draw.")] = 900,
    size: Annotated[
        int, typer.Option("--size", min=64, max=1024, help="Side of the images, in pixels.")
    ] = 320,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Decides every one of them.")] = 0,
    workers: Workers = None,
) -> None:
    """Draw synthetic chest radiographs with eight findings, labels, boxes and split lists."""
    from cxrtune.experiment.demo import make_phantoms
    from cxrtune.processors import processor_count

    make_phantoms(
        out,
        images=images,
        seed=seed,
        size=size,
        workers=workers or processor_count(),
        reporter=reporter_of(context),
    )
