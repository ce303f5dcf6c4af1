"""How much a user wants to see: the switches `--quiet` and `--debug`, anywhere on the line."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from cxrtune.cli.option_texts import OptionTexts
from cxrtune.console import ConsoleReporter

EPILOG = "Also: --quiet prints warnings and errors only; --debug shows the traceback of an error."


@dataclass(frozen=True)
class Switches:
    """What holds for every command.

    Attributes:
        quiet: Print warnings and errors only.
        debug: Show the traceback of an error.
    """

    quiet: bool
    debug: bool


def take_switches(arguments: list[str]) -> tuple[Switches, list[str]]:
    """Take the switches out of the arguments, wherever they stand."""
    rest = [argument for argument in arguments if argument not in ("--quiet", "--debug")]
    return Switches(quiet="--quiet" in arguments, debug="--debug" in arguments), rest


def reporter_of(context: typer.Context) -> ConsoleReporter:
    """Return the console as the switches want it, in the running command's words."""
    worded = OptionTexts(context.find_root().command, context.command_path.split())
    return ConsoleReporter(quiet=context.obj.quiet, worded=worded)
