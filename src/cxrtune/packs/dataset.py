"""A cohort and its pack, opened and checked once for training, scoring and export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cxrtune.cohort.table import CohortTable, read_cohort
from cxrtune.errors import StaleInputError
from cxrtune.packs.pack import Pack, open_pack
from cxrtune.provenance import Source, read_record, record_path
from cxrtune.recipe import Recipe

_REMEDIES = {
    "recipe": "Pack again with the recipe: `cxrtune.experiment.pack recipe=FILE`",
    "model": "Name the pack that the model was trained with, or pack again with its recipe.",
}


@dataclass(frozen=True)
class Dataset:
    """A cohort and its pack.

    Attributes:
        cohort: The labels of the images, and the part of the split that each belongs to.
        pack: The pixels of the images, in the cohort's order.
        cohort_file: The file of the cohort.
        pack_folder: The folder of the pack.
        sources: The cohort and the pack as inputs of a stage.
    """

    cohort: CohortTable
    pack: Pack
    cohort_file: Path
    pack_folder: Path
    sources: tuple[Source, Source]

    @classmethod
    def open(
        cls,
        cohort_file: Path,
        pack_folder: Path,
        recipe: Recipe | None = None,
        *,
        cohort: CohortTable | None = None,
    ) -> Dataset:
        """Open a cohort and its pack.

        Args:
            cohort_file: The cohort.
            pack_folder: The pack of the cohort.
            recipe: The recipe whose preprocessing the pack must have, if it is already known.
            cohort: The content of the cohort file, if it has already been read.

        Raises:
            DataError: The cohort or the pack is missing or damaged.
            StaleInputError: The pack was made from another cohort, or with another preprocessing.
        """
        cohort = read_cohort(cohort_file) if cohort is None else cohort
        pack = open_pack(pack_folder, cohort.images)
        sources = (
            Source.of_file("cohort", cohort_file),
            Source.of_file("pack", record_path(pack_folder)),
        )
        dataset = cls(cohort, pack, cohort_file, pack_folder, sources)
        if recipe is not None:
            dataset.require_preprocessing_of(recipe, "recipe")
        return dataset

    def require_preprocessing_of(self, recipe: Recipe, whose: Literal["recipe", "model"]) -> None:
        """Check that the pack was made with the preprocessing of a recipe, or of a model's recipe.

        Raises:
            StaleInputError: The pack was made with another preprocessing.
        """
        if self.pack.spec != recipe.preprocess:
            raise StaleInputError(
                f"this pack was made with another preprocessing than the {whose}'s",
                path=self.pack_folder,
                remedy=_REMEDIES[whose],
            )

    @property
    def left_out(self) -> str:
        """A note for a stage's message on images of the table that are not on disk; empty without any."""
        return left_out(self.cohort_file)


def left_out(cohort_file: Path) -> str:
    """Return a note for a stage's message on images of the table that are not on disk; empty without any."""
    record = record_path(cohort_file)
    absent = read_record(record).counts.get("not_on_disk", 0) if record.is_file() else 0
    return f" ({absent:,} images of the table are not on disk)" if absent else ""
