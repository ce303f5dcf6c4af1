"""`cxrtune dicom-node retry`: what was set aside is tried again."""

from __future__ import annotations

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.dicom_node.options import QueueFile, queue_file
from cxrtune.cli.dicom_node.status import print_status


def command(context: typer.Context, queue: QueueFile = None) -> None:
    """Put what was set aside back into the queue, as after a change of --allow or of the archive."""
    from cxrtune.serving.dicom_node.queue.status import put_back

    place = queue_file(queue)
    reporter_of(context).say(f"{put_back(place)} put back into the queue")
    print_status(place)
