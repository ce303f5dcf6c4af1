"""`cxrtune`: finds the command, and turns errors into one or two lines and an exit code."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cxrtune.cli import (
    cohort,
    demo,
    dicom_node,
    doctor,
    download,
    evaluate,
    explain,
    export,
    pack,
    predict,
    report,
    run,
    serve,
    stats,
    train,
    verify,
)
from cxrtune.cli.console import EPILOG, take_switches
from cxrtune.cli.option_texts import OptionTexts
from cxrtune.errors import CxrtuneError
from cxrtune.memory import keep_freed_memory
from cxrtune.stopping import Stopped, raising_stopped

_COMMANDS: dict[str, Any] = {
    "demo": demo.command,
    "run": run.command,
    "download": download.command,
    "verify": verify.command,
    "cohort": cohort.command,
    "pack": pack.command,
    "train": train.command,
    "predict": predict.command,
    "explain": explain.command,
    "evaluate": evaluate.command,
    "stats": stats.command,
    "report": report.command,
    "export": export.command,
    "serve": serve.command,
    "dicom-node": dicom_node.app,
    "weights": doctor.weights,
    "doctor": doctor.command,
    "phantom": demo.phantom,
}


class _InOurOrder(TyperGroup):
    """Lists the commands as `_COMMANDS` does; Typer itself puts groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names as the help has them."""
        return list(_COMMANDS)


app = typer.Typer(
    name="cxrtune",
    cls=_InOurOrder,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Fine-tune a DenseNet-121 on chest radiographs, compare it honestly with public models, and run it. "
    "Research software, no medical device.",
)
for name, command in _COMMANDS.items():
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name=name, epilog=EPILOG)(command)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"cxrtune {version('cxrtune')}")
        raise typer.Exit


@app.callback(epilog=EPILOG)
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 the work failed, 2 wrong use, 128 + n stopped by signal n."""
    keep_freed_memory()
    # File names need not be UTF-8, and a terminal need not show all of it.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    switches, rest = take_switches(list(sys.argv[1:] if arguments is None else arguments))
    try:
        with raising_stopped():
            app(rest, obj=switches)
    except CxrtuneError as error:
        if switches.debug:
            raise
        worded = OptionTexts(typer.main.get_command(app), rest)
        typer.echo(f"error: {worded(str(error))}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if switches.debug:
            raise
        where = "" if error.filename is None else f"{error.filename}: "
        typer.echo(f"error: {where}{(error.strerror or str(error)).lower()}", err=True)
        sys.exit(1)
    except Stopped as stopped:
        typer.echo("stopped; finished stages are kept, run the same command to go on", err=True)
        sys.exit(128 + stopped.signal)
