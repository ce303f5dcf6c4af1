"""`cxrtune dicom-node`: a model beside a picture archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxrtune.cli.options import Allow, allowances_of
from cxrtune.cli.predict import Engine, engine_of
from cxrtune.cli.switches import reporter_of

if TYPE_CHECKING:
    from cxrtune.cli.console import ConsoleReporter
    from cxrtune.serving.dicom_node.delivery import Delivery

_LOOPBACK = ("localhost", "::1")


def command(
    context: typer.Context,
    model: Annotated[
        Path | None,
        typer.Argument(help="A run folder, its model.safetensors, or an export.", show_default=False),
    ] = None,
    aet: Annotated[str, typer.Option("--aet", help="The node's own application entity title.")] = "CXRTUNE",
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; 0.0.0.0 is everywhere.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 11112,
    results_to: Annotated[
        str | None,
        typer.Option(
            "--results-to", metavar="AET@HOST:PORT", help="The archive, by C-STORE.", show_default=False
        ),
    ] = None,
    results_to_web: Annotated[
        str | None,
        typer.Option("--results-to-web", metavar="URL", help="The archive, by STOW-RS.", show_default=False),
    ] = None,
    calling_aet: Annotated[
        list[str] | None,
        typer.Option(
            "--calling-aet", help="A title that may call; may be repeated. Else any may.", show_default=False
        ),
    ] = None,
    queue: Annotated[
        Path | None,
        typer.Option(
            "--queue",
            help="The queue's file; it holds patients' data. Else dicom-node.sqlite in your state folder.",
            show_default=False,
        ),
    ] = None,
    keep_days: Annotated[
        float, typer.Option("--keep-days", min=0, help="How long finished instances are remembered.")
    ] = 30.0,
    max_waiting: Annotated[
        int, typer.Option("--max-waiting", min=1, help="Instances that may wait; more are refused for now.")
    ] = 10_000,
    max_gigabytes: Annotated[
        float, typer.Option("--max-gigabytes", min=0.001, help="What the queue may hold.")
    ] = 20.0,
    refuse: Annotated[
        bool, typer.Option("--refuse", help="Give no numbers of pictures that the quality checks flag.")
    ] = False,
    fetch_from: Annotated[
        str | None,
        typer.Option(
            "--fetch-from",
            metavar="URL",
            help="Fetch --study by WADO-RS instead of listening, and stop when done.",
        ),
    ] = None,
    study: Annotated[
        list[str] | None, typer.Option("--study", help="A Study Instance UID to fetch; may be repeated.")
    ] = None,
    engine: Engine = "auto",
    allow: Allow = None,
    status: Annotated[
        bool, typer.Option("--status", help="Print what stands in the queue, and stop.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Put what was set aside back into the queue, and stop.")
    ] = False,
) -> None:
    """Receive radiographs, send reports and heatmaps to an archive; docs/pacs.md shows it with Orthanc."""
    import sys

    from cxrtune.errors import UsageError

    reporter = reporter_of(context)
    place = _default_queue() if queue is None else queue
    if status or retry:
        _look(place, reporter, retry=retry)
        return
    if model is None:
        raise UsageError("a node needs a model", remedy="Name a run folder: cxrtune dicom-node MODEL ...")
    if bool(fetch_from) != bool(study):
        raise UsageError("--fetch-from and --study go together")
    chosen_engine, allowed = engine_of(engine), allowances_of(allow)
    try:
        from cxrtune.serving.dicom_node.journal import log_to
        from cxrtune.serving.dicom_node.node import run_node, work_through
        from cxrtune.serving.dicom_node.peer import read_title
        from cxrtune.serving.dicom_node.settings import GIGABYTE, Limits, Settings
        from cxrtune.serving.dicom_node.web import fetch_radiographs

        delivery = _delivery(read_title(aet), results_to, results_to_web)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the node needs the package {error.name}, which is not installed",
            remedy="Install it with: pip install 'cxrtune[dicom]'",
        ) from error
    from cxrtune.inference.predictor import Predictor

    settings = Settings(
        title=read_title(aet),
        host=host,
        port=port,
        callers=frozenset(map(read_title, calling_aet or ())),
        refuse=refuse,
        keep_days=keep_days,
        limits=Limits(waiting=max_waiting, queue_bytes=round(max_gigabytes * GIGABYTE)),
    )
    predictor = Predictor.load(model, engine=chosen_engine, aim="latency", allow=allowed)
    log_to(sys.stderr, quiet=context.obj.quiet)
    if fetch_from and study:
        files = (data for one in study for data in fetch_radiographs(fetch_from, one))
        work_through(predictor, delivery, settings, place, files)
        _look(place, reporter, retry=False)
        return
    if not _is_loopback(host) and not settings.callers:
        reporter.warn(
            f"the node listens on {host}, and whoever reaches this port may send to it: there is no list of "
            "calling titles, and nothing is encrypted. Give one with --calling-aet, and keep the port within "
            "the hospital's imaging network (docs/security.md)."
        )

    def ready(taken: int) -> None:
        # A script that asked for a free port waits for this line.
        typer.echo(f"Listening as {settings.title} on {host}:{taken}")
        reporter.say(
            f"{predictor.identity.title}; {predictor.identity.engine}. The queue: {place}. Stop with Ctrl-C."
        )

    run_node(predictor, delivery, settings, place, ready)
    reporter.say("stopped; what is in the queue is done by the next node")


def _delivery(title: str, by_store: str | None, by_web: str | None) -> Delivery:
    from cxrtune.errors import UsageError

    if (by_store is None) == (by_web is None):
        raise UsageError(
            "results need one place to go to",
            remedy="Give either --results-to AET@host:port or --results-to-web URL.",
        )
    if by_web is not None:
        from cxrtune.serving.dicom_node.web import StoreByWeb

        return StoreByWeb(by_web)
    from cxrtune.serving.dicom_node.dimse import StoreByDimse
    from cxrtune.serving.dicom_node.peer import read_peer

    assert by_store is not None
    return StoreByDimse(title, read_peer(by_store))


def _look(place: Path, reporter: ConsoleReporter, *, retry: bool) -> None:
    import typer

    from cxrtune.serving.dicom_node.queue.status import put_back, read_status

    if retry:
        reporter.say(f"{put_back(place)} put back into the queue")
    found = read_status(place)
    lines = [f"The queue: {place}; {found.held_bytes / 1e6:,.1f} MB of images and results"]
    counts = found.counts
    lines.append(f"  received, to be scored  {counts['received']:>8,}")
    lines.append(f"  scored, to be sent      {counts['scored']:>8,}")
    lines += [f"    {count:>8,}  {reason}" for reason, count in sorted(found.waiting_reasons.items())]
    lines.append(f"  done                    {counts['done']:>8,}")
    lines.append(f"  set aside               {counts['aside']:>8,}")
    lines += [f"    {count:>8,}  {reason}" for reason, count in sorted(found.aside_reasons.items())]
    if found.oldest_seconds is not None:
        lines.append(f"  the oldest has waited   {found.oldest_seconds:>8,.0f} s")
    # Asked for, so printed even with --quiet.
    typer.echo("\n".join(lines))


def _default_queue() -> Path:
    import os

    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "cxrtune" / "dicom-node.sqlite"


def _is_loopback(host: str) -> bool:
    return host in _LOOPBACK or host.startswith("127.")
