"""`cxrtune phantom`: synthetic radiographs in NIH's folder layout."""

from __future__ import annotations

from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import Out, Workers


def command(
    context: typer.Context,
    out: Out,
    images: Annotated[int, typer.Option("--images", min=1, help="How many to draw.")] = 900,
    size: Annotated[
        int, typer.Option("--size", min=64, max=1024, help="Side of the pictures, in pixels.")
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
