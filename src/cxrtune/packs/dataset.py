"""A cohort and its pack: what training, scoring and export work on, opened and checked once."""

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
        cohort: What the images show, and which part of the split they are of.
        pack: Their pixels, in the cohort's order.
        cohort_file: Where the cohort was read from.
        pack_folder: Where the pack stands.
        sources: Both, as inputs of a stage.
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
            pack_folder: Its pack.
            recipe: Whose preprocessing the pack must have, if that is known by now.
            cohort: What is in the cohort's file, where that was read already.

        Raises:
            DataError: One of them is not there, or damaged.
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
        """Check that the pack was made as a recipe, or a model's recipe, wants it.

        Raises:
            StaleInputError: It was made with another preprocessing.
        """
        if self.pack.spec != recipe.preprocess:
            raise StaleInputError(
                f"this pack was made with another preprocessing than the {whose}'s",
                path=self.pack_folder,
                remedy=_REMEDIES[whose],
            )

    @property
    def left_out(self) -> str:
        """In words, for a stage's line, how many images of the table are not on disk; empty for none."""
        return left_out(self.cohort_file)


def left_out(cohort_file: Path) -> str:
    """Return, for a stage's line, how many images of the table are not in the cohort for want of a file."""
    record = record_path(cohort_file)
    absent = read_record(record).counts.get("not_on_disk", 0) if record.is_file() else 0
    return f" ({absent:,} images of the table are not on disk)" if absent else ""
