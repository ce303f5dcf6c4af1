"""The demo: the whole experiment on synthetic radiographs, without any external data."""

from __future__ import annotations

from pathlib import Path

from cxrtune.experiment.run import Outcome, run_experiment
from cxrtune.models.weights import imagenet_path
from cxrtune.phantom import write_phantoms
from cxrtune.progress import Reporter
from cxrtune.recipe import Recipe
from cxrtune.stage import sole_writer, stage

IMAGE_SIZE = 320
TITLE = "Demonstration on synthetic radiographs: evaluation report"


def run_demo(out: Path, recipe: Recipe, *, images: int, workers: int, reporter: Reporter) -> Outcome | None:
    """Draw phantoms and run every stage on them.

    Args:
        out: The run folder; the phantoms are written to its subfolder `phantoms/`.
        recipe: The recipe; `imagenet` is replaced by `random` if the file is not on this machine.
        images: Number of phantoms.
        workers: Number of processes that draw and decode.
        reporter: Receives progress and notes.

    Raises:
        CxrtuneError: A stage failed.
    """
    if recipe.weights == "imagenet" and not imagenet_path().is_file():
        reporter.warn(
            f"demo: no ImageNet weights at {imagenet_path()}; the trunk gets random weights instead"
        )
        recipe = recipe.model_copy(update={"weights": "random"})
    with sole_writer(out):
        data = make_phantoms(
            out / "phantoms",
            images=images,
            seed=recipe.seed,
            size=IMAGE_SIZE,
            workers=workers,
            reporter=reporter,
        )
        return run_experiment(
            data, out, recipe, workers=workers, max_unreadable=0.0, reporter=reporter, title=TITLE
        )


def make_phantoms(out: Path, *, images: int, seed: int, size: int, workers: int, reporter: Reporter) -> Path:
    """Draw phantoms into a folder with NIH's layout, or keep an existing folder with the same settings.

    Args:
        out: The folder.
        images: Number of phantoms.
        seed: Seed of all phantoms.
        size: Side of the images, in pixels.
        workers: Number of drawing processes.
        reporter: Receives the progress.

    Returns:
        `out`.

    Raises:
        OutputError: The folder contains something else, or cannot be written.
    """
    settings = {"images": images, "seed": seed, "size": size}
    with stage("phantom", out, [], settings, ["Data_Entry_2017_v2020.csv"], reporter, appears=True) as draft:
        if draft.current:
            return out
        with reporter.task("Drawing phantoms", images) as task:
            folder = write_phantoms(
                out, count=images, seed=seed, size=size, workers=workers, progress=task.advance
            )
        draft.counts = {"images": folder.images, "patients": folder.patients}
    reporter.say(
        f"phantom: {folder.images:,} synthetic radiographs of {folder.patients:,} made-up patients in {out}"
    )
    return out
