"""`cxrtune dicom-node`: a model beside an image archive. One file a command."""

from __future__ import annotations

import typer

from cxrtune.cli.console import EPILOG
from cxrtune.cli.dicom_node import fetch, retry, run, status

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    epilog=EPILOG,
    help="Receive radiographs, send reports and heatmaps to an archive; docs/pacs.md shows it with Orthanc.",
)
for module in (run, fetch, status, retry):
    app.command(name=module.__name__.rsplit(".", 1)[-1], epilog=EPILOG)(module.command)
