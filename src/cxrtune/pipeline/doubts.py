"""What can be computed and is probably not meant: calls for scores, scores turned round, images twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.evaluation.results import Results
from cxrtune.predictions import Predictions
from cxrtune.shown import listed, short

_MOST_OF_ONE = 0.2
"""Share of the judged images from which on it is told that they are of one patient."""

_FEWEST_OF_ONE = 10
"""Images without which that is not worth a word."""

_DECIMALS = 4
"""Scores with more decimals than these are alike by chance in no two images."""

_ROUNDING = 1e-7  # of float32 in [0, 1]


def doubts(
    results: Results,
    tables: Mapping[str, Predictions],
    images: NDArray[np.object_],
    patients: NDArray[np.object_],
) -> Iterator[str]:
    """Yield a sentence for each thing that a user should look at before believing the numbers.

    Args:
        results: What was found.
        tables: The models' scores.
        images: object (n,), the images of the judged part.
        patients: object (n,), their patients.
    """
    for name, table in tables.items():
        known = table.probabilities[~np.isnan(table.probabilities)]
        if len(known) and np.isin(known, (0, 1)).all():
            yield f"every score of {name} is 0 or 1: are these calls, or labels, and no scores?"
    yield from _turned_round(results)
    yield from _twice(tables, images, patients)
    yield from _one_patient(patients)


def _turned_round(results: Results) -> Iterator[str]:
    for model in results.models:
        below = [
            finding
            for finding, result in model.findings.items()
            if (interval := result.intervals.get("auroc")) is not None and interval.high < 0.5
        ]
        if below:
            yield f"{model.name} is below chance in {listed(below)}: is a high score one for absent?"


def _twice(
    tables: Mapping[str, Predictions], images: NDArray[np.object_], patients: NDArray[np.object_]
) -> Iterator[str]:
    """Find images of several patients with the very same scores of all models: one image under two names."""
    scores = np.concatenate([_scores_of(table, images) for table in tables.values()], axis=1)
    telling = (np.abs(scores - scores.round(_DECIMALS)) > _ROUNDING).any(axis=1)
    of_row = pd.util.hash_pandas_object(pd.DataFrame(scores[telling]), index=False).to_numpy()
    owners = pd.DataFrame({"row": of_row, "patient": patients[telling].astype(str)})
    shared = owners.groupby("row")["patient"].nunique()
    again = np.isin(of_row, shared.index[shared > 1])
    if again.any():
        first = images[telling][again][0]
        yield (
            f"{int(again.sum()):,} images have exactly the scores of an image of another patient,"
            f" {short(first)} for one: images that are in twice make intervals too short"
        )


def _scores_of(table: Predictions, images: NDArray[np.object_]) -> NDArray[np.float64]:
    source = pd.Index(table.images).get_indexer(pd.Index(images))
    scores = table.probabilities[source].astype(np.float64)
    scores[source < 0] = np.nan
    return scores


def _one_patient(patients: NDArray[np.object_]) -> Iterator[str]:
    counts = pd.Series(patients).value_counts()
    if len(counts) == 1:
        yield "all images are of one patient: there are no intervals and no tests"
    elif counts.iloc[0] >= _FEWEST_OF_ONE and counts.iloc[0] > _MOST_OF_ONE * len(patients):
        yield (
            f"{int(counts.iloc[0]):,} of the {len(patients):,} images are of one patient: what is found is"
            " largely found of this one"
        )
