"""`cxrtune dicom-node run`: receive, score, send."""

from __future__ import annotations

from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.dicom_node.options import (
    MaxGigabytes,
    MaxWaiting,
    QueueFile,
    Refuse,
    ResultsTo,
    ResultsToWeb,
    Title,
    delivery_to,
    limits_of,
    open_model,
    queue_file,
)
from cxrtune.cli.options import Allow, Engine, Model, from_extra
from cxrtune.loopback import LOOPBACK, is_loopback


def command(
    context: typer.Context,
    model: Model,
    aet: Title = "CXRTUNE",
    host: Annotated[str, typer.Option("--host", help="Where to listen; 0.0.0.0 is everywhere.")] = LOOPBACK,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 11112,
    results_to: ResultsTo = None,
    results_to_web: ResultsToWeb = None,
    calling_aet: Annotated[
        list[str] | None,
        typer.Option(
            "--calling-aet", help="A title that may call; may be repeated. Else any may.", show_default=False
        ),
    ] = None,
    queue: QueueFile = None,
    keep_days: Annotated[
        float, typer.Option("--keep-days", min=0, help="How long finished instances are remembered.")
    ] = 30.0,
    max_waiting: MaxWaiting = 10_000,
    max_gigabytes: MaxGigabytes = 20.0,
    refuse: Refuse = False,
    engine: Engine = "auto",
    allow: Allow = None,
) -> None:
    """Receive radiographs by C-STORE until Ctrl-C, and send results to the archive."""
    reporter = reporter_of(context)
    with from_extra("dicom", "the node"):
        from cxrtune.serving.dicom_node.dimse import read_title
        from cxrtune.serving.dicom_node.node import run_node
        from cxrtune.serving.dicom_node.settings import NodeSettings

        title = read_title(aet)
        delivery = delivery_to(title, results_to, results_to_web)
    settings = NodeSettings(
        title=title,
        host=host,
        port=port,
        callers=frozenset(map(read_title, calling_aet or ())),
        refuse=refuse,
        keep_days=keep_days,
        limits=limits_of(max_waiting, max_gigabytes),
    )
    predictor = open_model(context, model, engine, allow)
    if not is_loopback(host) and not settings.callers:
        reporter.warn(
            f"the node listens on {host}, and whoever reaches this port may send to it: there is no list of "
            "calling titles, and nothing is encrypted. Give one with --calling-aet, and keep the port within "
            "the hospital's imaging network (docs/security.md)."
        )
    place = queue_file(queue)

    def ready(taken: int) -> None:
        # A script that asked for a free port waits for this line.
        typer.echo(f"Listening as {settings.title} on {host}:{taken}")
        reporter.say(
            f"{predictor.identity.title}; {predictor.identity.engine}. The queue: {place}. Stop with Ctrl-C."
        )

    run_node(predictor, delivery, settings, place, ready)
    reporter.say("stopped; what is in the queue is done by the next node")
