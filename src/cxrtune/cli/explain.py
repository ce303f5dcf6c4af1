"""`cxrtune explain`: a model + images -> heatmaps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import Allow, Engine, Inputs, Model, Out, allowances_of, engine_of


def command(
    context: typer.Context,
    model: Model,
    inputs: Inputs = None,
    out: Out = Path("heatmaps"),
    finding: Annotated[
        list[str] | None,
        typer.Option(
            "--finding",
            help="Draw this one, whatever its score; may be repeated. Otherwise what is called present.",
        ),
    ] = None,
    cohort: Annotated[
        Path | None, typer.Option("--cohort", help="Make the heatmaps of a cohort's images that have boxes.")
    ] = None,
    pack: Annotated[Path | None, typer.Option("--pack", help="The cohort's pack.")] = None,
    boxes: Annotated[
        Path | None, typer.Option("--boxes", help="The list of boxes; NIH's own if the images are NIH's.")
    ] = None,
    engine: Engine = "auto",
    allow: Allow = None,
) -> None:
    """Show where in a radiograph the evidence lies: an image a finding, and all maps as one file."""
    from cxrtune.cohort.boxes import find_boxes
    from cxrtune.errors import DataError, UsageError
    from cxrtune.experiment.explain import ARRAYS, explain_cohort, explain_images
    from cxrtune.images.listing import list_images
    from cxrtune.packs.dataset import Dataset

    reporter = reporter_of(context)
    if inputs and cohort is None and pack is None and boxes is None:
        images = list_images(inputs)
        images.passed.tell("explain", reporter)
        explain_images(
            model,
            images.files(),
            out,
            reporter,
            findings=finding or (),
            engine=engine_of(engine),
            allow=allowances_of(allow),
        )
    elif cohort is not None and pack is not None and not inputs:
        dataset = Dataset.open(cohort, pack)
        listed = boxes or find_boxes(dataset.cohort)
        if listed is None:
            raise UsageError(
                "these images are not NIH's, whose boxes are known", remedy="Name a list with --boxes."
            )
        file = out if out.suffix else out / ARRAYS
        if explain_cohort(model, dataset, listed, file, reporter) is None:
            raise DataError("no validation or test image of the cohort has a box", path=listed)
    else:
        raise UsageError("give either images to explain, or both --cohort and --pack")
