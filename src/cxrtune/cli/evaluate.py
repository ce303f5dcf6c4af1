"""`cxrtune evaluate`: cohort + predictions -> tables and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.evaluation_options import (
    DrawSeed,
    Margin,
    Prevalences,
    Primary,
    Replicates,
    Thresholds,
    files_of,
    image_columns_of,
    shares_of,
    thresholds_of,
)
from cxrtune.cli.options import CohortFile, Out, one_of


def command(
    context: typer.Context,
    cohort: CohortFile,
    predictions: Annotated[
        list[str], typer.Option("--predictions", metavar="NAME=FILE", help="A model's table; once a model.")
    ],
    out: Out = Path("evaluation"),
    split: Annotated[str, typer.Option("--split", help="test, validation, train or all.")] = "test",
    column_prefix: Annotated[
        str,
        typer.Option(
            "--column-prefix", help="What stands before a finding's name in the columns, if it is not found."
        ),
    ] = "",
    column_suffix: Annotated[str, typer.Option("--column-suffix", help="What stands after it.")] = "",
    image_columns: Annotated[
        list[str] | None,
        typer.Option(
            "--image-column",
            metavar="[NAME=]COLUMN",
            help="The column with the images' names, of all tables or of one model's.",
        ),
    ] = None,
    thresholds: Thresholds = None,
    replicates: Replicates = 2000,
    seed: DrawSeed = 0,
    prevalence: Prevalences = None,
    primary: Primary = None,
    margin: Margin = None,
    trained_on: Annotated[
        list[str] | None,
        typer.Option(
            "--trained-on",
            metavar="NAME=FILE",
            help="The images that a model was trained on, one name a line.",
        ),
    ] = None,
    heatmaps: Annotated[
        list[str] | None,
        typer.Option(
            "--heatmaps",
            metavar="NAME=FILE",
            help="Where a model looks, as `cxrtune explain` writes it; judged by boxes.",
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            "--boxes",
            metavar="FILE",
            help="A list of boxes in NIH's columns; NIH's own if the images are NIH's.",
        ),
    ] = None,
) -> None:
    """Compare models on the same images; writes results.json beside the tables."""
    from cxrtune.cohort.table import SPLITS
    from cxrtune.evaluation.settings import EvaluationSettings, Plan
    from cxrtune.experiment.evaluate import Request, evaluate_predictions

    one_of((*SPLITS, "all"), split, f"there is no split '{split}'")
    named = files_of(predictions, option="--predictions", example="ours=predictions.parquet")
    request = Request(
        EvaluationSettings(split, replicates, seed, shares_of(prevalence), Plan(primary, margin)),
        column_prefix=column_prefix,
        column_suffix=column_suffix,
        image_columns=image_columns_of(image_columns, named),
        thresholds=thresholds_of(thresholds),
        seen=files_of(trained_on, option="--trained-on", example="ours=training-images.txt"),
        heatmaps=files_of(heatmaps, option="--heatmaps", example="ours=heatmaps.safetensors"),
        boxes=boxes,
    )
    evaluate_predictions(cohort, named, out, request, reporter_of(context))
