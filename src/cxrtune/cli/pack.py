"""`cxrtune pack`: cohort + images -> decoded pixels."""

from __future__ import annotations

from pathlib import Path

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.data_options import Data
from cxrtune.cli.options import Allow, CohortFile, MaxUnreadable, Out, Workers, allowances_of
from cxrtune.cli.training_options import Overrides, RecipeName


def command(
    context: typer.Context,
    cohort: CohortFile,
    data: Data,
    out: Out = Path("pack"),
    recipe: RecipeName = "reference",
    overrides: Overrides = None,
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
