"""Cohorts in the Python API: labelled images, their patients and their split."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cxrtune.api.paths import folder_of, path_of
from cxrtune.api.reporter import reporter
from cxrtune.cohort.table import SPLITS, CohortTable, read_cohort
from cxrtune.errors import UsageError
from cxrtune.evaluation.cohort_parts import count_splits
from cxrtune.evaluation.results import SplitCount
from cxrtune.experiment.cohort import make_cohort
from cxrtune.experiment.demo import IMAGE_SIZE, make_phantoms
from cxrtune.experiment.own_cohort import OwnData, make_own_cohort
from cxrtune.experiment.run import COHORT
from cxrtune.files import naming_output_errors, write_whole
from cxrtune.notebook_html import card, table
from cxrtune.processors import processor_count
from cxrtune.provenance import read_record, record_path

if TYPE_CHECKING:
    from cxrtune.cohort.own.cohort_map import Uncertain
    from cxrtune.progress import Reporter

_TOTAL = "total"


class Cohort:
    """Labelled chest radiographs of patients, each in one part of the split: train, validation or test.

    Made by `Cohort.from_nih`, `Cohort.from_csv`, `Cohort.from_phantoms` or `Cohort.read`.
    """

    def __init__(self, file: Path, images: Path | None) -> None:
        """Open a cohort table; the class methods are the way to make one.

        Args:
            file: The table.
            images: The folder that holds its images; None where only the table is needed.

        Raises:
            DataError: The table is missing or is not a cohort table.
        """
        self._file, self._images = file, images
        self._table: CohortTable = read_cohort(file)

    @classmethod
    def from_nih(
        cls, folder: str | Path, *, protocol: str = "nih8", seed: int = 0, verbose: bool = False
    ) -> Cohort:
        """Make the cohort of a folder in the layout of NIH ChestX-ray14.

        Args:
            folder: The folder with the label table, the split lists and the images, at any depth.
            protocol: `nih8` (eight findings) or `nih14` (all fourteen).
            seed: Chooses the validation patients.
            verbose: Report how many images and patients were found.

        Returns:
            The cohort of the images that are on disk.

        Raises:
            UsageError: There is no such protocol.
            DataError: The folder is not what it should be.
        """
        data = folder_of(folder, "folder")

        def make(file: Path, told: Reporter) -> None:
            make_cohort(data, file, protocol=protocol, seed=seed, metadata_only=False, reporter=told)

        return cls._made(make, data, verbose=verbose)

    @classmethod
    def from_csv(
        cls,
        tables: str | Path | Sequence[str | Path],
        images: str | Path,
        map: str | Path,
        *,
        uncertain: Uncertain | None = None,
        seed: int = 0,
        verbose: bool = False,
    ) -> Cohort:
        """Make the cohort of label tables and images of your own.

        Args:
            tables: A CSV file with labels, or several.
            images: The folder that holds the images, at any depth.
            map: What the columns mean: the path of a YAML file, or `chexpert`, `mimic-cxr`, `padchest`,
                `vindr-cxr`.
            uncertain: What uncertain labels count as: `positive`, `negative` or `unknown`; None leaves it to
                the map.
            seed: Chooses the patients of the parts that the tables do not give.
            verbose: Report how many images and patients were found.

        Returns:
            The cohort of the images that are on disk.

        Raises:
            UsageError: The map is wrong.
            DataError: The tables or the images are not what they should be.
        """
        files = [tables] if isinstance(tables, str | Path) else list(tables)
        data = OwnData(
            tuple(path_of(file, "tables") for file in files),
            folder_of(images, "images"),
            str(path_of(map, "map")),
            uncertain,
        )

        def make(file: Path, told: Reporter) -> None:
            make_own_cohort(data, file, seed=seed, reporter=told)

        return cls._made(make, data.images, verbose=verbose)

    @classmethod
    def from_phantoms(
        cls,
        folder: str | Path,
        *,
        images: int = 300,
        size: int = IMAGE_SIZE,
        seed: int = 0,
        verbose: bool = False,
    ) -> Cohort:
        """Draw synthetic radiographs in NIH's layout and make their cohort: for trying out, and for tests.

        Args:
            folder: Where the images go; the same ones that are there already are kept.
            images: Number of images.
            size: Their side, in pixels.
            seed: Decides every image, and the validation patients.
            verbose: Report the progress.

        Returns:
            The cohort, with the eight findings of `nih8`.

        Raises:
            OutputError: The folder holds something else, or cannot be written.
        """
        out, workers = path_of(folder, "folder"), processor_count()
        told = reporter(verbose=verbose)
        make_phantoms(out, images=images, seed=seed, size=size, workers=workers, reporter=told)
        return cls.from_nih(out, seed=seed, verbose=verbose)

    @classmethod
    def read(cls, file: str | Path, *, images: str | Path | None = None) -> Cohort:
        """Read a cohort table that was written before, by `save` or by `cxrtune.train` into a run folder.

        Args:
            file: The Parquet file.
            images: The folder that holds its images; None for the one that the record beside the table names.

        Returns:
            The cohort.

        Raises:
            DataError: The table is missing or is not a cohort table, or there is no such folder.
        """
        path = path_of(file, "file")
        named = _recorded_images(path) if images is None else folder_of(images, "images")
        return cls(path, named)

    @property
    def frame(self) -> pd.DataFrame:
        """A copy of the table: one row per image.

        Columns `image`, `patient`, `view` (PA, AP), `sex` (M, F), `age` (years), `followup`, `split`, then
        each finding: 1 positive, 0 negative, missing where it is not known.
        """
        return self._table.frame.copy()

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings, in the order of the columns."""
        return self._table.findings

    @property
    def images(self) -> Path | None:
        """The folder that holds the images; None where it is not known."""
        return self._images

    def summary(self) -> pd.DataFrame:
        """Count images, patients and positives.

        Returns:
            One row per part of the split that has images, and `total`; columns `images`, `patients`, then
            the number of positive images of each finding.
        """
        parts = count_splits(self._table)
        rows = {part.split: _counts(part) for part in parts}
        summary = pd.DataFrame.from_dict(rows, orient="index")
        summary.loc[_TOTAL] = summary.sum()
        # A patient is in one part only, unless the user's own tables say otherwise.
        summary.loc[_TOTAL, "patients"] = self._table.frame["patient"].nunique()
        return summary.rename_axis("split").astype("int64")

    def save(self, file: str | Path) -> Path:
        """Write the table, with the record of how it was made beside it.

        Args:
            file: A name that ends in .parquet.

        Returns:
            The file.

        Raises:
            UsageError: The name does not end in .parquet.
            OutputError: It cannot be written.
        """
        path = path_of(file, "file")
        if path.suffix != ".parquet":
            raise UsageError("a cohort is written as .parquet", path=path)
        if path.resolve() == self._file.resolve():
            return path
        record = record_path(self._file)
        if self._file.is_file():  # byte by byte, so that the record remains valid
            with write_whole(path) as partial:
                shutil.copyfile(self._file, partial)
        else:
            self._table.write(path)
        if record.is_file() and path.name == self._file.name:  # the record contains the names of its files
            with naming_output_errors(path):
                shutil.copyfile(record, record_path(path))
        return path

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{split} {len(self._table.rows(split)):,}" for split in SPLITS)
        patients = self._table.frame["patient"].nunique()
        return (
            f"Cohort({len(self):,} images of {patients:,} patients, {len(self.findings)} findings; {sizes})"
        )

    def _repr_html_(self) -> str:
        summary = self.summary().T
        rows = [(str(name), *(f"{count:,}" for count in row)) for name, row in summary.iterrows()]
        return card(repr(self), table(("", *map(str, summary.columns)), rows))

    @classmethod
    def _made(cls, make: Callable[[Path, Reporter], None], images: Path | None, *, verbose: bool) -> Cohort:
        """Create the table in a temporary folder that exists as long as the cohort."""
        place = Path(tempfile.mkdtemp(prefix="cxrtune-cohort-"))
        try:
            make(place / COHORT, reporter(verbose=verbose))
            cohort = cls(place / COHORT, images)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        weakref.finalize(cohort, shutil.rmtree, place, ignore_errors=True)
        return cohort


def _counts(part: SplitCount) -> dict[str, int]:
    positives = {finding: counted.positives for finding, counted in part.findings.items()}
    return {"images": part.images, "patients": part.patients} | positives


def _recorded_images(file: Path) -> Path | None:
    record = record_path(file)
    if not record.is_file():
        return None
    named = [Path(source.path) for source in read_record(record).inputs if source.name == "images"]
    return named[0] if named and named[0].is_dir() else None
