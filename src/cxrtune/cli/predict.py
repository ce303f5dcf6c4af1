"""`cxrtune predict`: a model + images, or a cohort's pack -> predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import Allow, Engine, Inputs, Model, Out, allowances_of, engine_of, one_of

PLACES = ("local", "ray")


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
        bool, typer.Option("--refuse", help="Give no probabilities of images that the quality checks flag.")
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
            help="Of an archive: decoding processes, or actors on Ray (default: one per processor).",
            show_default=False,
        ),
    ] = None,
    shard_size: Annotated[
        int | None,
        typer.Option("--shard-size", min=1, help="Images per shard (default: 1024).", show_default=False),
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Score all images again, whatever an earlier run has left.")
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
    from cxrtune.errors import UsageError
    from cxrtune.predictions import require_suffix
    from cxrtune.scoring.score import SHARD_SIZE, ScoreOptions, ScoringJob, score_here

    reporter = reporter_of(context)
    options = ScoreOptions(engine_of(engine), allowances_of(allow), refuse)
    of_shards = any(one is not None for one in (on, workers, address, shard_size))
    if cohort is not None and pack is not None and not inputs:
        _refuse(of_shards or anew, "a cohort is scored into one table")
        if options != ScoreOptions():
            raise UsageError(
                "a cohort is scored by torch and nothing of it is refused",
                remedy="Leave out --engine, --allow and --refuse, or name the images instead of --cohort.",
            )
        from cxrtune.experiment.predict import predict_cohort
        from cxrtune.packs.dataset import Dataset

        predict_cohort(model, Dataset.open(cohort, pack), out, reporter)
        return
    if not inputs or cohort is not None or pack is not None:
        raise UsageError("give either images to score, or both --cohort and --pack")
    job = ScoringJob(model, inputs, out, options, shard_size or SHARD_SIZE, anew)
    if job.is_table or not (on is not None or not out.suffix or out.is_dir()):
        require_suffix(out)
        _refuse(of_shards, "--out names one table")
    place = None if on is None else one_of(PLACES, on, f"--on does not know '{on}'")
    if place == "ray":
        from cxrtune.scoring.on_ray import Cluster, score_on_ray

        score_on_ray(job, Cluster(address, workers, cpus_per_worker), reporter)
        return
    if address is not None or cpus_per_worker != 1:
        raise UsageError(
            "--address and --cpus-per-worker are for --on ray", remedy="Say --on ray, or leave them out."
        )
    score_here(job, reporter, workers=workers)


def _refuse(given: bool, reason: str) -> None:
    """Refuse the options of a folder of shards for one table."""
    from cxrtune.errors import UsageError

    if given:
        raise UsageError(
            f"{reason}, and --on, --workers, --anew and --address are for a folder of shards",
            remedy="Leave them out, or give --out a name without a suffix.",
        )
