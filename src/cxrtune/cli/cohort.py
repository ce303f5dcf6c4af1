"""`cxrtune cohort`: data folder -> cohort table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.options import Data, Out
from cxrtune.cli.switches import reporter_of


def command(
    context: typer.Context,
    data: Data,
    out: Out = Path("cohort.parquet"),
    protocol: Annotated[str, typer.Option("--protocol", help="nih8 or nih14.")] = "nih8",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Chooses the validation patients.")] = 0,
    metadata_only: Annotated[
        bool, typer.Option("--metadata-only", help="Take every image of the table, on disk or not.")
    ] = False,
) -> None:
    """Make the table of images, patients, findings and splits."""
    from cxrtune.pipeline.cohort import make_cohort

    make_cohort(
        data, out, protocol=protocol, seed=seed, metadata_only=metadata_only, reporter=reporter_of(context)
    )
