"""Options that the node's commands share, and what they mean."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxrtune.cli.options import allowances_of, engine_of

if TYPE_CHECKING:
    from cxrtune.scoring.predictor import Predictor
    from cxrtune.serving.dicom_node.sender import Delivery
    from cxrtune.serving.dicom_node.settings import NodeLimits

Title = Annotated[str, typer.Option("--aet", help="The node's own application entity title.")]
ResultsTo = Annotated[
    str | None,
    typer.Option(
        "--results-to", metavar="AET@HOST:PORT", help="The archive, by C-STORE.", show_default=False
    ),
]
ResultsToWeb = Annotated[
    str | None,
    typer.Option("--results-to-web", metavar="URL", help="The archive, by STOW-RS.", show_default=False),
]
QueueFile = Annotated[
    Path | None,
    typer.Option(
        "--queue",
        help="The queue's file; it holds patients' data. Else dicom-node.sqlite in your state folder.",
        show_default=False,
    ),
]
MaxWaiting = Annotated[
    int, typer.Option("--max-waiting", min=1, help="Instances that may wait; more are refused for now.")
]
MaxGigabytes = Annotated[float, typer.Option("--max-gigabytes", min=0.001, help="What the queue may hold.")]
Refuse = Annotated[
    bool, typer.Option("--refuse", help="Give no numbers of images that the quality checks flag.")
]


def queue_file(named: Path | None) -> Path:
    """Return the queue's file: the one that was named, otherwise the one in the user's state folder."""
    if named is not None:
        return named
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "cxrtune" / "dicom-node.sqlite"


def limits_of(max_waiting: int, max_gigabytes: float) -> NodeLimits:
    """Return where the node stops listening."""
    from cxrtune.serving.dicom_node.settings import GIGABYTE, NodeLimits

    return NodeLimits(waiting=max_waiting, queue_bytes=round(max_gigabytes * GIGABYTE))


def open_model(context: typer.Context, model: Path, engine: str, allow: list[str] | None) -> Predictor:
    """Load the model; from then on the node logs, and nothing else does."""
    import sys

    from cxrtune.logs import log_to
    from cxrtune.scoring.predictor import Predictor
    from cxrtune.serving.dicom_node import LIBRARIES, LOGGER

    predictor = Predictor.load(model, engine=engine_of(engine), aim="latency", allow=allowances_of(allow))
    log_to(sys.stderr, LOGGER, quiet=context.obj.quiet, silenced=LIBRARIES)
    return predictor


def delivery_to(title: str, by_store: str | None, by_web: str | None) -> Delivery:
    """Return the way to the archive.

    Args:
        title: The node's own application entity title.
        by_store: `AET@host:port`, or None.
        by_web: The URL of a DICOMweb service, or None.

    Raises:
        UsageError: There is none, or there are two, or it cannot be read.
    """
    from cxrtune.errors import UsageError

    if (by_store is None) == (by_web is None):
        raise UsageError(
            "results need one place to go to",
            remedy="Give either --results-to AET@host:port or --results-to-web URL.",
        )
    if by_web is not None:
        from cxrtune.serving.dicom_node.web import StoreByWeb

        return StoreByWeb(by_web)
    from cxrtune.serving.dicom_node.dimse import StoreByDimse, read_peer

    assert by_store is not None
    return StoreByDimse(title, read_peer(by_store))
