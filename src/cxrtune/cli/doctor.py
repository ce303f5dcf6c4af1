"""`cxrtune doctor` and `cxrtune weights`: what this machine has, as cxrtune sees it."""

from __future__ import annotations

import typer

from cxrtune.cli.console import reporter_of


def command(context: typer.Context) -> None:
    """Print versions, processors, devices, free disk and the state of the weights: paste it into an issue."""
    import shutil

    import torch

    from cxrtune.models.inventory import weights_inventory
    from cxrtune.processors import processor_count
    from cxrtune.provenance import versions

    reporter = reporter_of(context)
    for name, found in versions().items():
        reporter.say(f"{name:<16}{found}")
    reporter.say(
        f"{'processors':<16}{processor_count()} usable, torch uses {torch.get_num_threads()} threads"
    )
    reporter.say(f"{'GPU':<16}{torch.cuda.get_device_name() if torch.cuda.is_available() else 'none'}")
    reporter.say(f"{'disk, free':<16}{shutil.disk_usage('.').free / 1e9:.0f} GB here")
    for entry in weights_inventory():
        reporter.say(f"{'weights':<16}{entry.name}: {entry.state}")


def weights(context: typer.Context) -> None:
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
