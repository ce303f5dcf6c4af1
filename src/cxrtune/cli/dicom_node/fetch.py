"""`cxrtune dicom-node fetch`: take studies from a DICOMweb service, score and send them, and stop."""

from __future__ import annotations

from typing import Annotated

import typer

from cxrtune.cli.dicom_node.options import (
    MaxGigabytes,
    MaxWaiting,
    QueueFile,
    Refuse,
    ResultsTo,
    ResultsToWeb,
    Title,
    delivery_to,
    limits_of,
    open_model,
    queue_file,
)
from cxrtune.cli.dicom_node.status import print_status
from cxrtune.cli.options import Allow, Engine, Model, from_extra


def command(
    context: typer.Context,
    model: Model,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="Of the DICOMweb service (WADO-RS).", show_default=False)
    ],
    study: Annotated[
        list[str],
        typer.Option(
            "--study", metavar="UID", help="A Study Instance UID; may be repeated.", show_default=False
        ),
    ],
    results_to: ResultsTo = None,
    results_to_web: ResultsToWeb = None,
    aet: Title = "CXRTUNE",
    queue: QueueFile = None,
    max_waiting: MaxWaiting = 10_000,
    max_gigabytes: MaxGigabytes = 20.0,
    refuse: Refuse = False,
    engine: Engine = "auto",
    allow: Allow = None,
) -> None:
    """Fetch studies by WADO-RS, send results to the archive, and stop when the queue is empty."""
    with from_extra("dicom", "the node"):
        from cxrtune.serving.dicom_node.dimse import read_title
        from cxrtune.serving.dicom_node.node import work_through
        from cxrtune.serving.dicom_node.settings import NodeSettings
        from cxrtune.serving.dicom_node.web import fetch_radiographs

        title = read_title(aet)
        delivery = delivery_to(title, results_to, results_to_web)
    settings = NodeSettings(title=title, refuse=refuse, limits=limits_of(max_waiting, max_gigabytes))
    predictor = open_model(context, model, engine, allow)
    place = queue_file(queue)
    files = (data for one in study for data in fetch_radiographs(url, one))
    work_through(predictor, delivery, settings, place, files)
    print_status(place)
