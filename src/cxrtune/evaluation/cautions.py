"""Checks in every evaluation for peculiarities of the evaluated images, patients and scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround
from cxrtune.evaluation.results import Caution, ModelResult
from cxrtune.evaluation.roc import auroc
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS

_LARGE_SHARE = 0.2
"""Minimum for a caution about one patient's images; maximum of unscored images for a worst case."""

_CHANCE = 0.5
_DECIMALS = 4
_ROUNDING = 1e-7  # rounding of single precision in [0, 1]
_BY_CHANCE = 0.01

Scores = NDArray[np.floating]


def find_cautions(
    ground: CommonGround,
    rows: NDArray[np.intp],
    scores: Mapping[str, Scores],
    models: list[ModelResult],
) -> list[Caution]:
    """Find what a reader must know before reading any numbers.

    Args:
        ground: The shared test set.
        rows: intp, the cohort's rows that are in the split.
        scores: (N, F) by model, in the order of the cohort, NaN if not known.
        models: The results of the models.
    """
    return [
        *_patients(ground),
        *_binary_scores(ground),
        *_same_scores(ground),
        *_below_chance(models),
        *_unknown_labels(ground),
        *(caution for name in scores for caution in _worst_case(ground, rows, name, scores[name])),
    ]


def _patients(ground: CommonGround) -> Iterator[Caution]:
    images = np.bincount(ground.resamples.codes)
    whole, largest = int(images.sum()), int(images.max())
    if len(images) == 1:
        yield Caution(kind="one-patient", count=whole, of=whole)
        return
    if largest >= _LARGE_SHARE * whole and largest > 1:
        yield Caution(kind="large-patient", count=largest, of=whole)
    for column, finding in enumerate(ground.findings):
        positive = ground.truth[:, column] & ground.usable[:, column]
        if positive.sum() > 1 and len(np.unique(ground.resamples.codes[positive])) == 1:
            positives = int(positive.sum())
            yield Caution(kind="one-positive-patient", count=positives, of=positives, finding=finding)


def _binary_scores(ground: CommonGround) -> Iterator[Caution]:
    for name, table in ground.scores.items():
        known = table[~np.isnan(table)]
        if len(known) and np.isin(known, (0, 1)).all():
            yield Caution(kind="binary-scores", count=len(ground.rows), of=len(ground.rows), model=name)


def _same_scores(ground: CommonGround) -> Iterator[Caution]:
    """Find images whose scores are all identical to those of another patient's image.

    Coarse scores (with one decimal, or 0 and 1) coincide by chance: columns with fewer distinct values than
    one for every two images are ignored. If there is a single column, only scores with more than four
    decimals count, and only if they make up a hundredth of the images: in single precision some coincide.
    """
    columns = np.concatenate([table.astype(np.float64) for table in ground.scores.values()], axis=1)
    columns = columns[:, ~np.isnan(columns).any(axis=0)]
    fine = [len(np.unique(column)) > len(column) / 2 for column in columns.T]
    columns, codes = columns[:, fine], ground.resamples.codes
    is_single = columns.shape[1] == 1
    if is_single:
        telling = np.abs(columns[:, 0] - columns[:, 0].round(_DECIMALS)) > _ROUNDING
        columns, codes = columns[telling], codes[telling]
    if not columns.size:
        return
    _, of_image = np.unique(columns, axis=0, return_inverse=True)
    pairs = np.unique(np.stack([of_image.ravel(), codes]), axis=1)
    of_patients = np.bincount(pairs[0])
    same = int((of_patients[of_image.ravel()] > 1).sum())
    if same > (_BY_CHANCE * len(ground.rows) if is_single else 0):
        yield Caution(kind="same-scores", count=same, of=len(ground.rows))


def _below_chance(models: list[ModelResult]) -> Iterator[Caution]:
    for model in models:
        for finding, found in model.findings.items():
            interval = found.intervals.get("auroc")
            enough = min(found.positive_patients, found.negative_patients) >= FEWEST_PATIENTS
            if enough and interval is not None and interval.high < _CHANCE:
                yield Caution(
                    kind="below-chance",
                    count=found.support,
                    of=found.support + found.negatives,
                    model=model.name,
                    finding=finding,
                    value=found.auroc,
                )


def _unknown_labels(ground: CommonGround) -> Iterator[Caution]:
    unknown = np.isnan(ground.labels).sum(axis=0)
    for finding, images in zip(ground.findings, unknown, strict=True):
        if 0 < images < len(ground.rows):
            yield Caution(kind="unknown-labels", count=int(images), of=len(ground.rows), finding=finding)


def _worst_case(ground: CommonGround, rows: NDArray[np.intp], name: str, scores: Scores) -> Iterator[Caution]:
    labels, here = ground.cohort.labels[rows], scores[rows].astype(np.float64)
    unscored = np.isnan(here).all(axis=1)
    if not 0 < unscored.sum() <= _LARGE_SHARE * len(rows):
        return
    areas = []
    for column in range(len(ground.findings)):
        known = ~np.isnan(labels[:, column])
        if not ground.has(name, column):
            continue
        truth, values = labels[known, column], here[known, column]
        worst = np.where(np.isnan(values), np.where(truth == 1, -np.inf, np.inf), values)
        area = auroc(truth, worst)
        areas += [] if area is None else [area]
    yield Caution(
        kind="worst-case",
        count=int(unscored.sum()),
        of=len(rows),
        model=name,
        value=float(np.mean(areas)) if areas else None,
    )
