"""`cxrtune cohort`: an NIH folder, or tables and images of one's own -> cohort table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import (
    Images,
    MapName,
    OptionalData,
    Out,
    Tables,
    UncertainLabels,
    data_of,
    refuse_protocol,
)


def command(
    context: typer.Context,
    data: OptionalData = None,
    tables: Tables = None,
    images: Images = None,
    map_name: MapName = None,
    uncertain: UncertainLabels = None,
    out: Out = Path("cohort.parquet"),
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="nih8 (the default) or nih14; of an NIH folder.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Chooses patients, where parts are made.")] = 0,
    metadata_only: Annotated[
        bool,
        typer.Option(
            "--metadata-only", help="Take every image of the table, on disk or not; needs no --images."
        ),
    ] = False,
) -> None:
    """Make the table of images, patients, findings and splits."""
    from cxrtune.experiment.cohort import make_cohort
    from cxrtune.experiment.own_cohort import OwnData, make_own_cohort

    given = data_of(data, tables, images, map_name, uncertain, metadata_only=metadata_only)
    reporter = reporter_of(context)
    if isinstance(given, OwnData):
        refuse_protocol(protocol)
        make_own_cohort(given, out, seed=seed, metadata_only=metadata_only, reporter=reporter)
        return
    make_cohort(
        given, out, protocol=protocol or "nih8", seed=seed, metadata_only=metadata_only, reporter=reporter
    )
