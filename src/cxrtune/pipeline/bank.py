"""Inside stage 3: the trunk's output of every view, kept for the next training with the same trunk."""

from __future__ import annotations

from pathlib import Path

from cxrtune.cohort.table import Cohort
from cxrtune.models.densenet import ChestNet
from cxrtune.packs.pack import Pack
from cxrtune.pipeline.stage import skip_if_current
from cxrtune.progress import Reporter
from cxrtune.provenance import Source, recording
from cxrtune.recipe import Recipe
from cxrtune.training.bank import FeatureBank, bank_bytes, bank_rows, build_bank, open_bank, view_files


def make_bank(
    network: ChestNet,
    cohort: Cohort,
    pack: Pack,
    recipe: Recipe,
    out: Path,
    *,
    inputs: list[Source],
    reporter: Reporter,
) -> FeatureBank:
    """Build the feature bank, or open the one that is there if it is of the same making.

    Args:
        network: Its trunk is run.
        cohort: Says which rows are trained on.
        pack: The pictures.
        recipe: The number of views, the augmentation and the seed.
        out: The bank's folder.
        inputs: What the trunk and the pictures come from.
        reporter: Told of the progress and of the disk that is needed.

    Raises:
        OutputError: The bank cannot be written, as when the disk is full.
    """
    content = recipe.model_dump(
        mode="json", include={"bank", "augmentation", "preprocess", "seed", "weights"}
    )
    if not skip_if_current("bank", out, inputs, content, reporter):
        rows, sizes = bank_rows(cohort, pack)
        views = len(rows) + (recipe.bank.views - 1) * sizes["train"]
        reporter.say(
            f"bank: {views:,} views ({recipe.bank.views} of each training image), "
            f"{bank_bytes(cohort, pack, recipe) / 1e9:.2f} GB on disk"
        )
        with recording("bank", out, inputs, content, view_files(recipe.bank.views)) as draft:
            with reporter.task("Feature bank", views) as task:
                build_bank(network, cohort, pack, recipe, out, progress=task.advance)
            draft.counts = {"views": views, **sizes}
    return open_bank(out, cohort, pack, recipe.bank.views)
