"""`cxrtune serve`: a model behind a web page and an HTTP interface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import Allow, Engine, Model, allowances_of, engine_of, from_extra, one_of
from cxrtune.loopback import LOOPBACK, LOOPBACK_NAMES, is_loopback

if TYPE_CHECKING:
    from cxrtune.engines.engine import Aim

TOKEN_VARIABLE = "CXRTUNE_TOKEN"
_SHORTEST_TOKEN = 16


def command(
    context: typer.Context,
    model: Model,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8000,
    host: Annotated[str, typer.Option("--host", help="Where to listen; 0.0.0.0 is everywhere.")] = LOOPBACK,
    engine: Engine = "auto",
    aim: Annotated[str, typer.Option("--aim", help="latency or throughput.")] = "latency",
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            help=f"Clients must show what stands in this file; {TOKEN_VARIABLE} does the same.",
            show_default=False,
        ),
    ] = None,
    allowed_hosts: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host",
            help="A name by which clients call the service, such as the proxy's; may be repeated.",
            show_default=False,
        ),
    ] = None,
    allow: Allow = None,
    max_megabytes: Annotated[int, typer.Option("--max-megabytes", min=1, help="Largest body.")] = 64,
    max_files: Annotated[int, typer.Option("--max-files", min=1, help="Most files a request.")] = 16,
    max_pixels: Annotated[int, typer.Option("--max-pixels", min=1, help="Largest image.")] = 40_000_000,
    queue: Annotated[
        int, typer.Option("--queue", min=1, help="Images that may wait; more are told to come again.")
    ] = 64,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Most images at once in the engine.")] = 8,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, help="Time for a body to arrive, and for its answer.")
    ] = 30.0,
) -> None:
    """Serve a model on a web page and over HTTP, until Ctrl-C; docs/service.md says how to ask."""
    import sys

    reporter = reporter_of(context)
    chosen_engine, allowed, chosen_aim = engine_of(engine), allowances_of(allow), _aim_of(aim)
    token = _token(token_file)

    with from_extra("serve", "the service"):
        from cxrtune.serving.web.monitoring import LOGGER
        from cxrtune.serving.web.server import listen, serve, url_of
    from cxrtune.logs import log_to
    from cxrtune.scoring.predictor import Predictor
    from cxrtune.serving.web.settings import MEGABYTE, Access, Batching, ServiceLimits, ServiceSettings

    limits = ServiceLimits(
        body_bytes=max_megabytes * MEGABYTE,
        memory_bytes=8 * max_megabytes * MEGABYTE,
        files=max_files,
        pixels=max_pixels,
        waiting=queue,
        body_seconds=seconds,
        answer_seconds=seconds,
    )
    access = Access(token, _hosts(host, allowed_hosts))
    with listen(host, port) as taken:
        predictor = Predictor.load(model, engine=chosen_engine, aim=chosen_aim, allow=allowed)
        log_to(sys.stderr, LOGGER, quiet=context.obj.quiet)
        if not is_loopback(host) and token is None:
            reporter.warn(
                f"whoever reaches {host} may use the service: there is no token, and nothing is encrypted. "
                f"Give one with --token-file or {TOKEN_VARIABLE}, and put TLS before it (docs/security.md)."
            )

        def ready() -> None:
            # A script that asked for a free port waits for this line.
            typer.echo(f"Listening on {url_of(taken)}")
            reporter.say(f"{predictor.identity.title}; {predictor.identity.engine}. Stop with Ctrl-C.")

        serve(predictor, ServiceSettings(limits, Batching(largest=batch), access), taken, ready)
    reporter.say("stopped; what was asked for was answered")


def _aim_of(name: str) -> Aim:
    from typing import get_args

    from cxrtune.engines.engine import Aim

    aims: tuple[Aim, ...] = get_args(Aim)
    return one_of(aims, name, f"there is no aim '{name}'")


def _token(file: Path | None) -> str | None:
    import os

    from cxrtune.errors import UsageError

    if file is None:
        token = os.environ.get(TOKEN_VARIABLE)
        where: Path | str = TOKEN_VARIABLE
    else:
        try:
            token = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError("the token cannot be read", path=file, remedy="Name a text file.") from error
        where = file
    if token is None:
        return None
    token = token.strip()
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            f"a token is at least {_SHORTEST_TOKEN} printable ASCII characters without spaces",
            path=where,
            remedy="Make one with: openssl rand -hex 32",
        )
    return token


def _hosts(host: str, allowed: list[str] | None) -> frozenset[str] | None:
    """Return the names that the service answers to: on loopback its own, else any or those given."""
    named = {name.lower() for name in allowed or ()}
    if is_loopback(host):
        return LOOPBACK_NAMES | {host} | named
    return LOOPBACK_NAMES | named if named else None
