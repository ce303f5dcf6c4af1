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
) -> None:
    """Compare models on the same images; writes results.json beside the tables."""
    from cxrtune.cohort.table import SPLITS
    from cxrtune.errors import UsageError
    from cxrtune.pipeline.evaluate import evaluate_predictions

    if split not in (*SPLITS, "all"):
        raise UsageError(f"there is no split '{split}'", remedy=f"Choose one of: {', '.join(SPLITS)}, all.")
    evaluate_predictions(
        cohort,
        _named(predictions),
        out,
        split=split,
        column_prefix=column_prefix,
        missing=(),
        reporter=reporter_of(context),
    )


def _named(pairs: list[str]) -> dict[str, Path]:
    from cxrtune.errors import UsageError

    named: dict[str, Path] = {}
    for pair in pairs:
        name, separator, file = pair.partition("=")
        if not (separator and name and file):
            raise UsageError(
                f"'{pair}' is no NAME=FILE", remedy="Write it like: --predictions ours=predictions.parquet"
            )
        if name in named:
            raise UsageError(
                f"two tables of predictions are named '{name}'", remedy="Give each its own name."
            )
        named[name] = Path(file)
    return named
