"""Localization measures per image, their means with intervals, and differences from each control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import interval_of, mean_of, stored
from cxrtune.evaluation.localization.box_rule import Located
from cxrtune.evaluation.results import (
    Interval,
    LocalizationDifference,
    LocalizationFinding,
    LocalizationValues,
)
from cxrtune.evaluation.statistics.bootstrap import Resamples
from cxrtune.evaluation.statistics.holm import holm
from cxrtune.evaluation.statistics.proportion import proportion_interval
from cxrtune.evaluation.statistics.swaps import Paired, mean_of_pairs, paired_means, swap
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS

MODEL = "model"
"""Name of the model among the controls."""

Values = NDArray[np.float64]
THRESHOLDS: tuple[str, ...] = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7")
"""Wang et al., CVPR 2017, table 4: an image counts as a hit if the IoU is at least this."""
POINTING, MEAN_IOU = "pointing", "mean_iou"
MEASURES: tuple[str, ...] = (POINTING, MEAN_IOU, *(f"iou_{threshold}" for threshold in THRESHOLDS))
"""Names of the measures, in column order."""
_LEAST = np.array([float(threshold) for threshold in THRESHOLDS])


def points_inside(points: Values, boxes: Values) -> NDArray[np.bool_]:
    """Return which points are inside which boxes, edges included.

    The pointing game of Zhang et al., "Top-down neural attention by excitation backprop", IJCV 2018, with a
    tolerance of 0 instead of their 15 px.

    Args:
        points: float64 (..., 2), x and y.
        boxes: float64 (..., 4), x, y, width, height, in the same unit.

    Returns:
        bool, with the shape to which both arguments broadcast.
    """
    low, high = boxes[..., :2], boxes[..., :2] + boxes[..., 2:]
    return np.asarray(((points >= low) & (points <= high)).all(axis=-1))


def intersection_over_union(first: Values, second: Values) -> Values:
    """Return the intersection over union of boxes.

    Args:
        first: float64 (..., 4), x, y, width, height; NaN = no box, with an intersection of 0.
        second: float64 (..., 4), each with a positive area.

    Returns:
        float64 in [0, 1], with the shape to which both arguments broadcast.
    """
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=-1)
    together = np.prod(first[..., 2:], axis=-1) + np.prod(second[..., 2:], axis=-1) - shared
    return np.asarray(np.nan_to_num(shared / together, nan=0.0), dtype=np.float64)


def values_of_maps(located: Located, boxes: Values, images: NDArray[np.intp]) -> Values:
    """Return every measure of n images, each with its own map: float64 (n, 9), in [0, 1].

    Args:
        located: Points and boxes of the n maps.
        boxes: float64 (m, 4), x, y, width, height; the boxes of an image are adjacent, in image order.
        images: intp (m,), the image index of each box, ascending; every image has a box.
    """
    points, predicted = located.points[images], located.boxes[images]
    return _values(points[None], predicted[None], boxes, images)


def values_of_control(located: Located, boxes: Values, images: NDArray[np.intp]) -> Values:
    """Return the same for a control, whose k maps are used for every image: the mean over the k maps."""
    return _values(located.points[:, None], located.boxes[:, None], boxes, images)


def _values(points: Values, predicted: Values, boxes: Values, images: NDArray[np.intp]) -> Values:
    starts = np.flatnonzero(np.diff(images, prepend=-1))
    inside = np.logical_or.reduceat(points_inside(points, boxes), starts, axis=1)
    best = np.maximum.reduceat(intersection_over_union(predicted, boxes), starts, axis=1)
    reached = (best[:, :, None] >= _LEAST).mean(axis=0)
    return np.column_stack([inside.mean(axis=0), best.mean(axis=0), reached])


@dataclass(frozen=True)
class Scored:
    """Results of the model and the controls on the same images.

    Attributes:
        images: Number of images.
        patients: Number of patients.
        boxes: Number of boxes.
        values: float64 (9,), in [0, 1], by `MODEL` or a control's name.
        replicates: float64 (9, B), by the same names, NaN if a replicate has none of the images.
        intervals: 9 intervals by the same names, None where not defined.
        pairs: 9 differences by control, model minus control, with the contribution of each patient.
        seed: Random seed of the permutation tests.
    """

    images: int
    patients: int
    boxes: int
    values: dict[str, Values]
    replicates: dict[str, Values]
    intervals: dict[str, list[Interval | None]]
    pairs: dict[str, list[Paired]]
    seed: int


def average_images(
    values: dict[str, Values], images: NDArray[np.intp], boxes: int, resamples: Resamples, seed: int
) -> Scored:
    """Average over images, for the whole sample and every bootstrap replicate of patients.

    Args:
        values: float64 (n, 9) by `MODEL` or a control's name.
        images: intp (n,), indices of these images in the resamples.
        boxes: Number of boxes in these images.
        resamples: The bootstrap replicates, the same for all findings.
        seed: Random seed of the permutation tests.
    """
    codes = resamples.codes[images]
    times = resamples.times[codes].astype(np.float64)
    total = times.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        replicates = {name: one.T @ times / total for name, one in values.items()}
    # The model's measures except mean IoU are proportions; those of a control are means over its maps.
    shares = [measure != MEAN_IOU for measure in MEASURES]
    intervals = {name: [interval_of(one) for one in drawn] for name, drawn in replicates.items()}
    counts = np.bincount(codes, minlength=resamples.patients)
    for place in np.flatnonzero(shares):
        hits = np.bincount(codes, weights=values[MODEL][:, place], minlength=resamples.patients)
        intervals[MODEL][place] = stored(proportion_interval(hits, counts))
    return Scored(
        images=len(images),
        patients=len(np.unique(codes)),
        boxes=boxes,
        values={name: one.mean(axis=0) for name, one in values.items()},
        replicates=replicates,
        intervals=intervals,
        pairs={
            name: [paired_means(column, codes, resamples.patients) for column in (values[MODEL] - one).T]
            for name, one in values.items()
            if name != MODEL
        },
        seed=seed,
    )


def average_findings(scored: Sequence[Scored], images: int, patients: int) -> Scored:
    """Average over the findings, with equal weights.

    Args:
        scored: The results of the findings.
        images: Total number of distinct images.
        patients: Number of patients.
    """
    names = scored[0].values
    replicates = {name: mean_of([one.replicates[name] for one in scored]) for name in names}
    return Scored(
        images=images,
        patients=patients,
        boxes=sum(one.boxes for one in scored),
        values={name: np.mean([one.values[name] for one in scored], axis=0) for name in names},
        replicates=replicates,
        intervals={name: [interval_of(one) for one in drawn] for name, drawn in replicates.items()},
        pairs={
            control: [
                mean_of_pairs(same) for same in zip(*(one.pairs[control] for one in scored), strict=True)
            ]
            for control in scored[0].pairs
        },
        seed=scored[0].seed,
    )


def as_result(scored: Scored) -> LocalizationFinding:
    """Return the values with intervals, and the differences from the controls, in their stored form."""
    others = [name for name in scored.values if name != MODEL]
    return LocalizationFinding(
        images=scored.images,
        patients=scored.patients,
        boxes=scored.boxes,
        values=_stored(scored, MODEL),
        controls={name: _stored(scored, name) for name in others},
        differences={name: _differences(scored, name) for name in others},
    )


def _stored(scored: Scored, name: str) -> LocalizationValues:
    values = dict(zip(MEASURES, scored.values[name].tolist(), strict=True))
    intervals = {}
    if scored.patients >= FEWEST_PATIENTS:
        found = zip(MEASURES, scored.intervals[name], strict=True)
        intervals = {measure: interval for measure, interval in found if interval is not None}
    return LocalizationValues(
        pointing=values[POINTING],
        mean_iou=values[MEAN_IOU],
        iou={threshold: values[f"iou_{threshold}"] for threshold in THRESHOLDS},
        intervals=intervals,
    )


def _differences(scored: Scored, control: str) -> dict[str, LocalizationDifference]:
    values = (scored.values[MODEL] - scored.values[control]).tolist()
    enough = scored.patients >= FEWEST_PATIENTS
    swapped = swap(scored.pairs[control], scored.seed, lambda _: True) if enough else [None] * len(values)
    return {
        measure: LocalizationDifference(
            difference=value,
            interval=None if one is None else stored(one.interval()),
            p_value=None if one is None else one.p_value(),
            p_holm=None,
        )
        for measure, value, one in zip(MEASURES, values, swapped, strict=True)
    }


def corrected(findings: list[LocalizationFinding]) -> list[LocalizationFinding]:
    """Correct the p-values of each control and measure for the number of findings."""
    differences = [{name: dict(one) for name, one in found.differences.items()} for found in findings]
    for control in differences[0]:
        for measure in MEASURES:
            adjusted = holm([one[control][measure].p_value for one in differences])
            for one, p_value in zip(differences, adjusted, strict=True):
                one[control][measure] = one[control][measure].model_copy(update={"p_holm": p_value})
    return [
        found.model_copy(update={"differences": one})
        for found, one in zip(findings, differences, strict=True)
    ]
