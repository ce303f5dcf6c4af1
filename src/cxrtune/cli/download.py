"""`cxrtune download`: a public data set, from its publisher's links to a folder that `run` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of


def command(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="Which one: nih.")],
    folder: Annotated[Path, typer.Option("--to", help="The data folder; what is there already is kept.")],
    mirror: Annotated[
        str | None,
        typer.Option(
            "--mirror",
            metavar="URL",
            help="Fetch all files from here, as URL/images_001.tar.gz and so on, not from the publisher.",
        ),
    ] = None,
    catalogue: Annotated[
        Path | None,
        typer.Option(
            "--catalogue",
            metavar="FILE",
            help="Links and checksums of your own (YAML); otherwise those of the package.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=32, help="Files fetched at once.")] = 4,
    keep_archives: Annotated[
        bool, typer.Option("--keep-archives", help="Keep the archives after they are unpacked.")
    ] = False,
    attempts: Annotated[
        int,
        typer.Option("--attempts", min=1, help="Failures in a row, without one more byte, that end a file."),
    ] = 8,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds of silence that count as a failure.")
    ] = 30.0,
) -> None:
    """Fetch and unpack a public data set; stopped at any moment, the same command goes on."""
    from cxrtune.download.catalogue import load_catalogue
    from cxrtune.download.download import download
    from cxrtune.download.transfer import RetryPolicy

    reporter = reporter_of(context)
    summary = download(
        load_catalogue(dataset, catalogue),
        folder,
        mirror=mirror,
        jobs=jobs,
        keep_archives=keep_archives,
        retries=RetryPolicy(attempts=attempts, timeout_seconds=timeout),
        reporter=reporter,
    )
    if summary.unverified:
        reporter.warn(
            "recorded in download.json, but not verified, as no checksum is published: "
            + ", ".join(summary.unverified)
        )
    reporter.say(f"{folder}: complete, {summary.images:,} images")
    reporter.say(f"Next: cxrtune verify {folder}; then cxrtune run --data {folder} --out FOLDER")
