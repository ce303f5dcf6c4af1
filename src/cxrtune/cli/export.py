"""`cxrtune export`: a trained model -> ONNX or OpenVINO."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import one_of


def command(
    context: typer.Context,
    model: Annotated[Path, typer.Argument(help="A run folder, or its model.safetensors.")],
    kind: Annotated[str, typer.Option("--to", metavar="KIND", help="onnx, openvino or openvino-int8.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder for it; otherwise export/KIND in the run folder.")
    ] = None,
    cohort: Annotated[
        Path | None, typer.Option("--cohort", help="Whose radiographs check it; otherwise the run's.")
    ] = None,
    pack: Annotated[Path | None, typer.Option("--pack", help="Their pack; otherwise the run's.")] = None,
) -> None:
    """Export a model with its preprocessing, findings, thresholds, calibration and gate, and check it."""
    from cxrtune.engines.exported import EXPORTS
    from cxrtune.errors import UsageError
    from cxrtune.experiment.export import export_run, images_of
    from cxrtune.models.checkpoint import load_model
    from cxrtune.provenance import is_file_name

    chosen = one_of(tuple(EXPORTS), kind, f"cannot export to '{kind}'")
    if out is not None and (is_file_name(out) or out.suffix in {place.suffix for place in EXPORTS.values()}):
        raise UsageError("an export is a folder, and this is the name of a file", path=out)
    _, info = load_model(model)
    export_run(model, chosen, out, images_of(model, cohort, pack, info), reporter_of(context))
