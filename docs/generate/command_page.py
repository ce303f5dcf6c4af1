"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from cxrtune.cli.main import app

INTRODUCTION = """\
# Command line

This page is generated from the program; `cxrtune COMMAND --help` prints the same text.

Two options can be given anywhere on the line: `--quiet` prints warnings and errors only, `--debug` shows the
traceback of an error.

| exit code | meaning |
|---:|---|
| 0 | The work is complete. |
| 1 | The work failed; the message says where, and what to do. |
| 2 | Wrong use: an unknown option, a missing file, a value that is not allowed. |
| 128 + n | Stopped by signal n (130 Ctrl-C, 143 `kill`). Complete stages are kept; run it again to resume. |
"""


def page() -> str:
    """Return the page: a section per command, in the order of `cxrtune --help`."""
    root = typer.main.get_command(app)
    return "\n".join([INTRODUCTION, *_sections(root, ("cxrtune",))])


def _sections(group: Any, path: tuple[str, ...]) -> Iterator[str]:
    for name in group.list_commands(typer.Context(group)):
        command = group.get_command(typer.Context(group), name)
        yield f"{'#' * (len(path) + 1)} {' '.join((*path, name))}\n"
        yield _paragraphs(command.help or "")
        if hasattr(command, "list_commands"):
            yield from _sections(command, (*path, name))
            continue
        context = typer.Context(command)
        yield f"```text\n{' '.join((*path, name, *command.collect_usage_pieces(context)))}\n```\n"
        for kind in ("argument", "option"):
            records = [
                record
                for one in command.get_params(context)
                if one.param_type_name == kind
                and one.name != "help"
                and (record := one.get_help_record(context))
            ]
            if records:
                yield f"| {kind} | meaning |\n|---|---|"
                for usage, meaning in records:
                    yield f"| `{_cell(usage)}` | {_cell(meaning).replace('<', '&lt;')} |"
                yield ""


def _paragraphs(text: str) -> str:
    return text.replace("\f", "").strip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
