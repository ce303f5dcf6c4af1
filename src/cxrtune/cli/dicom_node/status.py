"""`cxrtune dicom-node status`: what stands in the queue."""

from __future__ import annotations

from pathlib import Path

import typer

from cxrtune.cli.dicom_node.options import QueueFile, queue_file


def command(queue: QueueFile = None) -> None:
    """Print what stands in the queue: counts and reasons, nobody's name."""
    print_status(queue_file(queue))


def print_status(place: Path) -> None:
    """Print what stands in a queue, whether a node works on it or not.

    Raises:
        UsageError: There is no such queue.
        DataError: The file is no queue.
    """
    from cxrtune.serving.dicom_node.queue.status import read_status

    found = read_status(place)
    counts = found.counts
    lines = [f"The queue: {place}; {found.held_bytes / 1e6:,.1f} MB of images and results"]
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
