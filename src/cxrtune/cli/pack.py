"""`cxrtune pack`: cohort + images -> decoded pixels."""

from __future__ import annotations

from pathlib import Path

import typer

from cxrtune.cli import training_options as training
from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import Allow, CohortFile, Data, MaxUnreadable, Out, Workers, allowances_of


def command(
    context: typer.Context,
    cohort: CohortFile,
    data: Data,
    out: Out = Path("pack"),
    recipe: training.RecipeName = "reference",
    overrides: training.Overrides = None,
    workers: Workers = None,
    max_unreadable: MaxUnreadable = 0.01,
    allow: Allow = None,
) -> None:
    """Decode the images of a cohort once."""
    from cxrtune.experiment.pack import make_pack
    from cxrtune.processors import processor_count
    from cxrtune.recipe_file import load_recipe

    make_pack(
        cohort,
        data,
        out,
        preprocess=load_recipe(recipe, overrides or (), reporter_of(context).warn).preprocess,
        workers=workers or processor_count(),
        max_unreadable=max_unreadable,
        allow=allowances_of(allow),
        reporter=reporter_of(context),
    )
