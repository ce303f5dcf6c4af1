"""The shared test set: the images on which all models are evaluated, and bootstrap replicates of patients."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.cells import plain_identifier
from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError
from cxrtune.evaluation.results import Interval
from cxrtune.evaluation.statistics.bootstrap import Resamples, draw_patients, percentile_interval
from cxrtune.evaluation.statistics.replicates import precision_replicates
from cxrtune.predictions import Predictions
from cxrtune.processors import processor_count
from cxrtune.shown import short

_IMAGES_AT_ONCE = 20_000_000  # over all threads, at some hundred bytes each

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The images on which one model is evaluated for one finding.

    Attributes:
        rows: intp (n,), their row indices in the shared test set.
        truth: bool (n,), True for positives.
        scores: (n,), in [0, 1], all known.
        patients: intp (n,), the patient index of each image, from 0.
    """

    rows: NDArray[np.intp]
    truth: Mask
    scores: NDArray[np.floating]
    patients: NDArray[np.intp]

    @property
    def labels(self) -> NDArray[np.float32]:
        """The truth as labels, 1 or 0."""
        return self.truth.astype(np.float32)

    def calls(self, threshold: float) -> Mask:
        """Return bool (n,), True for images with scores at or above a threshold."""
        return self.scores.astype(np.float64) >= threshold


@dataclass(frozen=True)
class CommonGround:
    """Shared test set: images scored by every model, with labels, scores and replicates in the same order.

    Attributes:
        cohort: The cohort of the images.
        rows: intp (n,), the rows of the images in the cohort.
        labels: float32 (n, F), 1, 0, NaN if not known.
        scores: (n, F) by model, in the precision of its table, in [0, 1], NaN if not known.
        usable: bool (n, F), whether the label and the scores of all models that have the finding are known.
        not_scored: By model, the number of images in the split that it did not score.
        resamples: Bootstrap replicates of the patients.
        seed: Random seed.
    """

    cohort: CohortTable
    rows: NDArray[np.intp]
    labels: NDArray[np.float32]
    scores: Mapping[str, NDArray[np.floating]]
    usable: Mask
    not_scored: Mapping[str, int]
    resamples: Resamples
    seed: int

    @property
    def findings(self) -> tuple[str, ...]:
        """The cohort's findings."""
        return self.cohort.findings

    @cached_property
    def patients(self) -> NDArray[np.object_]:
        """Object (n,), identifiers of the patients."""
        return self.cohort.patients[self.rows]

    @cached_property
    def truth(self) -> Mask:
        """Bool (n, F), True for positives; also False if not known."""
        return np.equal(self.labels, 1)

    def has(self, model: str, column: int) -> bool:
        """Return whether a model has any scores for a finding."""
        return not bool(np.isnan(self.scores[model][:, column]).all())

    def scored(self) -> list[tuple[str, int]]:
        """Return each model with the column index of each finding for which it has any scores."""
        columns = range(len(self.findings))
        return [(model, column) for model in self.scores for column in columns if self.has(model, column)]

    def sample(self, model: str, column: int, within: Mask | None = None) -> Sample:
        """Return the images on which a model is evaluated for a finding; empty if it has no scores for it.

        Args:
            model: Name of the model.
            column: Column index of the finding.
            within: bool (n,), restricts the images.
        """
        keep = self.usable[:, column] & self.has(model, column)
        rows = np.flatnonzero(keep if within is None else keep & within)
        scores = self.scores[model][rows, column]
        return Sample(rows, self.truth[rows, column], scores, self.resamples.codes[rows])

    def precisions(self) -> dict[tuple[str, int], Values]:
        """Return the replicates of average precision, float64 (B,), by model and column of the finding."""
        jobs = self.scored()

        def work(job: tuple[str, int]) -> Values:
            sample = self.sample(*job)
            return precision_replicates(sample.truth, sample.scores, sample.rows, self.resamples)

        # Each thread holds the bins of one model and finding: with many images, only a few fit into memory.
        at_once = min(processor_count(), max(1, _IMAGES_AT_ONCE // len(self.rows)))
        with ThreadPoolExecutor(at_once) as threads:
            return dict(zip(jobs, threads.map(work, jobs), strict=True))


def aligned(name: str, table: Predictions, cohort: CohortTable) -> NDArray[np.floating]:
    """Reorder a model's scores to match the cohort.

    Returns:
        (N, F) in the precision of the table, in [0, 1], NaN if the model has no score.

    Raises:
        DataError: The model scored none of the cohort's images, or has different patients for them.
    """
    source = pd.Index(table.images).get_indexer(pd.Index(cohort.images))
    if (source < 0).all():
        raise DataError(
            f"the predictions named {name} score none of the cohort's images",
            remedy=f"The column of images must hold names such as {short(cohort.images[0])}; the table begins"
            f" with {short(table.images[0])}.",
        )
    _require_same_patients(name, table, cohort, source)
    columns = [table.findings.index(finding) for finding in cohort.findings]
    scores = table.scores[source][:, columns]
    scores[source < 0] = np.nan
    return scores


def _require_same_patients(
    name: str, table: Predictions, cohort: CohortTable, source: NDArray[np.intp]
) -> None:
    known = source >= 0
    known[known] = pd.notna(table.patients[source[known]])
    theirs, ours = table.patients[source[known]].astype(str), cohort.patients[known].astype(str)
    differing = np.flatnonzero(theirs != ours)
    # The same patient may be written as `001` in one table and as `1` in the other.
    wrong = sum(plain_identifier(str(theirs[at])) != plain_identifier(str(ours[at])) for at in differing)
    if wrong:
        raise DataError(
            f"the predictions named {name} give {wrong:,} images to other patients than the cohort does",
            remedy="They belong to another table, or two tables were mixed up; predict for this cohort.",
        )


def find_common_ground(
    cohort: CohortTable,
    scores: Mapping[str, NDArray[np.floating]],
    rows: NDArray[np.intp],
    *,
    split: str,
    replicates: int,
    seed: int,
) -> CommonGround:
    """Keep the images that every model scored.

    Args:
        cohort: The cohort with the labels.
        scores: (N, F) by model, in the order of the cohort.
        rows: The rows that are in the split.
        split: Name of the split, for messages.
        replicates: Number of bootstrap replicates.
        seed: Random seed of the replicates.

    Raises:
        DataError: A model scored none of the images, or no image was scored by all models.
    """
    scored = {name: ~np.isnan(table[rows]).all(axis=1) for name, table in scores.items()}
    for name, mask in scored.items():
        if not mask.any():
            raise DataError(
                f"the predictions named {name} score none of the {len(rows):,} {split} images",
                remedy="Choose the part that they are for with `split`.",
            )
    by_all = np.logical_and.reduce(list(scored.values()))
    if not by_all.any():
        raise DataError(
            f"no {split} image was scored by all {len(scores)} models, so that they cannot be compared",
            remedy="Evaluate tables of the same images together, others each on its own.",
        )
    shared = rows[by_all]
    labels = cohort.labels[shared]
    tables = {name: table[shared] for name, table in scores.items()}
    usable = ~np.isnan(labels)
    for table in tables.values():
        known = ~np.isnan(table)
        usable &= known | ~known.any(axis=0)
    return CommonGround(
        cohort=cohort,
        rows=shared,
        labels=labels,
        scores=tables,
        usable=usable,
        not_scored={name: int((~mask).sum()) for name, mask in scored.items()},
        resamples=draw_patients(cohort.patients[shared], replicates=replicates, seed=seed),
        seed=seed,
    )


def mean_of(replicates: list[Values]) -> Values:
    """Return the mean of each replicate over the findings that it defines, (B,); NaN if there are none."""
    if not replicates:
        return np.empty(0)
    stacked = np.stack(replicates)
    known = ~np.isnan(stacked)
    count = known.sum(axis=0)
    total = np.where(known, stacked, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def interval_of(replicates: Values) -> Interval | None:
    """Return the percentile interval in its stored form; None if the replicates have no spread."""
    return stored(percentile_interval(replicates))


def stored(found: tuple[float, float] | None) -> Interval | None:
    """Return an interval in its stored form."""
    return None if found is None else Interval(low=found[0], high=found[1])


def named_interval(name: str, found: tuple[float, float] | None) -> dict[str, Interval]:
    """Return an interval under its name, or an empty dictionary if there is no interval."""
    return named_intervals({name: found})


def named_intervals(found: Mapping[str, tuple[float, float] | None]) -> dict[str, Interval]:
    """Return the intervals that are available, by name."""
    known = {name: stored(one) for name, one in found.items()}
    return {name: interval for name, interval in known.items() if interval is not None}
