"""`cxrtune predict`: a model + images, or a cohort's pack -> predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import Allow, Engine, Inputs, Model, Out, allowances_of, engine_of


def command(
    context: typer.Context,
    model: Model,
    inputs: Inputs = None,
    out: Out = Path("predictions.parquet"),
    cohort: Annotated[
        Path | None, typer.Option("--cohort", help="Score this cohort's validation and test images.")
    ] = None,
    pack: Annotated[Path | None, typer.Option("--pack", help="The cohort's pack.")] = None,
    engine: Engine = "auto",
    allow: Allow = None,
    refuse: Annotated[
        bool, typer.Option("--refuse", help="Give no probabilities of pictures that the quality checks flag.")
    ] = False,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="PLACE",
            help="Score an archive into a folder of shards: local, or ray (a cluster).",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            help="Of an archive: decoding processes, or actors on Ray; otherwise one a processor.",
            show_default=False,
        ),
    ] = None,
    shard_size: Annotated[int, typer.Option("--shard-size", min=1, help="Images a shard.")] = 1024,
    anew: Annotated[
        bool, typer.Option("--anew", help="Throw away the shards that the folder holds, and begin anew.")
    ] = False,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            help="Of a running Ray cluster; otherwise RAY_ADDRESS, or one is started for the time.",
            show_default=False,
        ),
    ] = None,
    cpus_per_worker: Annotated[
        int, typer.Option("--cpus-per-worker", min=1, help="Processors of an actor on Ray.")
    ] = 1,
) -> None:
    """Score images with a trained model.

    --out ends in .parquet, .csv or .jsonl for one table, and in no suffix for a folder of shards.
    """
    from cxrtune.cli.archive import ArchiveOptions, is_folder, score
    from cxrtune.errors import UsageError
    from cxrtune.experiment.predict import predict_cohort
    from cxrtune.images.listing import list_images
    from cxrtune.predictions import require_suffix
    from cxrtune.scoring.score import ScoreOptions, score_images

    reporter = reporter_of(context)
    options = ScoreOptions(engine_of(engine), allowances_of(allow), refuse)
    archive = ArchiveOptions(on, workers, shard_size, anew, address, cpus_per_worker)
    if cohort is not None and pack is not None and not inputs:
        archive.refuse("a cohort is scored into one table")
        if options != ScoreOptions():
            raise UsageError(
                "a cohort is scored by torch and nothing of it is refused",
                remedy="Leave out --engine, --allow and --refuse, or name the images instead of --cohort.",
            )
        predict_cohort(model, cohort, pack, out, reporter)
    elif inputs and cohort is None and pack is None:
        if is_folder(out, on):
            score(model, inputs, out, options, archive, reporter)
            return
        require_suffix(out)
        archive.refuse("--out names one table")
        images = list_images(inputs)
        images.passed.tell("predict", reporter)
        score_images(model, images.files(), out, options, reporter)
    else:
        raise UsageError("give either images to score, or both --cohort and --pack")
