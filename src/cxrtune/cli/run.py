"""`cxrtune run`: the whole experiment on real radiographs."""

from __future__ import annotations

import typer

from cxrtune.cli.options import (
    Data,
    MaxUnreadable,
    Out,
    Overrides,
    Protocol,
    RecipeName,
    Weights,
    Workers,
    setting,
)
from cxrtune.cli.switches import reporter_of


def command(
    context: typer.Context,
    data: Data,
    out: Out,
    recipe: RecipeName = "reference",
    protocol: Protocol = None,
    weights: Weights = None,
    overrides: Overrides = None,
    workers: Workers = None,
    max_unreadable: MaxUnreadable = 0.01,
) -> None:
    """Run every stage on an NIH folder: cohort, pack, train, predict, evaluate, report."""
    from cxrtune.cli.outcome import print_outcome
    from cxrtune.pipeline.run import run_experiment
    from cxrtune.pipeline.stage import default_workers
    from cxrtune.recipe import load_recipe

    reporter = reporter_of(context)
    changes = [setting(key, value) for key, value in (("protocol", protocol), ("weights", weights)) if value]
    outcome = run_experiment(
        data,
        out,
        load_recipe(recipe, [*(overrides or ()), *changes]),
        workers=workers or default_workers(),
        max_unreadable=max_unreadable,
        reporter=reporter,
    )
    print_outcome(outcome, reporter)
