"""`cxrtune evaluate`: cohort + predictions -> tables and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.options import CohortFile, Out
from cxrtune.cli.switches import reporter_of


def command(
    context: typer.Context,
    cohort: CohortFile,
    predictions: Annotated[
        list[str],
        typer.Option(
            "--predictions", metavar="NAME=FILE", help="A model's table; once a model.", show_default=False
        ),
    ],
    out: Out = Path("evaluation"),
    split: Annotated[str, typer.Option("--split", help="test, validation, train or all.")] = "test",
    column_prefix: Annotated[
        str, typer.Option("--column-prefix", help="What stands before a finding's name in the columns.")
    ] = "",
    replicates: Annotated[
        int, typer.Option("--replicates", min=100, help="How often the patients are drawn for intervals.")
    ] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Decides which patients are drawn.")] = 0,
    prevalence: Annotated[
        list[str] | None,
        typer.Option(
            "--prevalence",
            metavar="FINDING=SHARE",
            help="Say what calls mean where the finding is this frequent, such as Effusion=0.05.",
            show_default=False,
        ),
    ] = None,
    trained_on: Annotated[
        list[str] | None,
        typer.Option(
            "--trained-on",
            metavar="NAME=FILE",
            help="The images that a model was trained on, one name a line.",
            show_default=False,
        ),
    ] = None,
    heatmaps: Annotated[
        list[str] | None,
        typer.Option(
            "--heatmaps",
            metavar="NAME=FILE",
            help="Where a model looks, as `cxrtune explain` writes it; judged by boxes.",
            show_default=False,
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            "--boxes",
            metavar="FILE",
            help="A list of boxes in NIH's columns; NIH's own if the images are NIH's.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Compare models on the same images; writes results.json beside the tables."""
    from cxrtune.cohort.table import SPLITS
    from cxrtune.errors import UsageError
    from cxrtune.pipeline.evaluate import Request, evaluate_predictions

    if split not in (*SPLITS, "all"):
        raise UsageError(f"there is no split '{split}'", remedy=f"Choose one of: {', '.join(SPLITS)}, all.")
    request = Request(
        split=split,
        column_prefix=column_prefix,
        replicates=replicates,
        seed=seed,
        prevalence=_shares(prevalence or []),
        seen=_named(trained_on or [], option="--trained-on", example="ours=training-images.txt"),
        heatmaps=_named(heatmaps or [], option="--heatmaps", example="ours=heatmaps.safetensors"),
        boxes=boxes,
    )
    named = _named(predictions, option="--predictions", example="ours=predictions.parquet")
    evaluate_predictions(cohort, named, out, request, reporter_of(context))


def _named(pairs: list[str], *, option: str, example: str) -> dict[str, Path]:
    from cxrtune.errors import UsageError

    named: dict[str, Path] = {}
    for pair in pairs:
        name, separator, file = pair.partition("=")
        if not (separator and name and file):
            raise UsageError(f"'{pair}' is no NAME=FILE", remedy=f"Write it like: {option} {example}")
        if name in named:
            raise UsageError(f"{option} names '{name}' twice", remedy="Give each its own name.")
        named[name] = Path(file)
    return named


def _shares(pairs: list[str]) -> dict[str, float]:
    from cxrtune.errors import UsageError

    shares: dict[str, float] = {}
    for pair in pairs:
        finding, _, share = pair.partition("=")
        try:
            shares[finding] = float(share)
        except ValueError as error:
            raise UsageError(
                f"'{pair}' is no FINDING=SHARE", remedy="Write it like: --prevalence Effusion=0.05"
            ) from error
    return shares
