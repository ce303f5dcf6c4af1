"""`cxrtune report`: an evaluation -> one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import Out


def command(
    context: typer.Context,
    evaluation: Annotated[Path, typer.Option("--evaluation", help="The evaluation's folder.")],
    out: Out = Path("report"),
    run: Annotated[
        Path | None, typer.Option("--run", help="The run folder, for training curves and provenance.")
    ] = None,
) -> None:
    """Write the page that shows an evaluation; it opens from disk with no network."""
    from cxrtune.experiment.report import make_report

    make_report(evaluation, out, run=run, reporter=reporter_of(context))
