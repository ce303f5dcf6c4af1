"""`cxrtune weights`: which weights are here, which are missing, and where each goes."""

from __future__ import annotations

import typer

from cxrtune.cli.console import reporter_of


def command(context: typer.Context) -> None:
    """List weights: present or missing, where each goes, its checksum, and where it is published."""
    from cxrtune.models.inventory import weights_inventory

    reporter = reporter_of(context)
    for entry in weights_inventory():
        reporter.say(f"{entry.name}: {entry.state}")
        reporter.say(f"    file    {entry.path}")
        reporter.say(f"    SHA-256 {entry.checksum}")
        if not entry.present:
            reporter.say(f"    get it  {entry.url}")
    reporter.say("random: always there, drawn from the recipe's seed")
