"""`cxrtune predict`: a model + images, or a cohort's pack -> predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.options import Out
from cxrtune.cli.switches import reporter_of

Model = Annotated[Path, typer.Argument(help="A run folder, or its model.safetensors.", show_default=False)]
Inputs = Annotated[
    list[Path] | None,
    typer.Argument(help="Images, or folders that are searched for them.", show_default=False),
]


def command(
    context: typer.Context,
    model: Model,
    inputs: Inputs = None,
    out: Out = Path("predictions.parquet"),
    cohort: Annotated[
        Path | None, typer.Option("--cohort", help="Score this cohort's validation and test images.")
    ] = None,
    pack: Annotated[Path | None, typer.Option("--pack", help="The cohort's pack.")] = None,
) -> None:
    """Score images with a trained model; --out ends in .parquet, .csv or .jsonl."""
    from cxrtune.cohort.folder import image_paths
    from cxrtune.errors import UsageError
    from cxrtune.pipeline.predict import predict_cohort, predict_images

    reporter = reporter_of(context)
    if cohort is not None and pack is not None and not inputs:
        predict_cohort(model, cohort, pack, out, reporter)
    elif inputs and cohort is None and pack is None:
        predict_images(model, image_paths(inputs), out, reporter)
    else:
        raise UsageError("give either images to score, or both --cohort and --pack")
