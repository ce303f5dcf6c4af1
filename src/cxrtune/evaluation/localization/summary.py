"""Values of pictures -> means with intervals, and the model less each control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import interval_of, mean_of, stored
from cxrtune.evaluation.localization.values import MEAN_IOU, MEASURES, POINTING, THRESHOLDS
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

MODEL = "model"
"""What the model is called beside the controls."""

FEWEST_PATIENTS = 10
"""With fewer patients whose images have a box there is a value and its count, but no interval and no test."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """The model and the controls on the same pictures.

    Attributes:
        images: How many pictures.
        patients: How many patients.
        boxes: How many boxes.
        values: float64 (9,), in [0, 1], by `MODEL` or a control's name.
        replicates: float64 (9, B) by the same, NaN where a replicate drew none of the pictures.
        intervals: 9 by the same, None where there is none.
        pairs: 9 by a control's name, the model less the control, patient by patient.
        seed: Decides what is swapped.
    """

    images: int
    patients: int
    boxes: int
    values: dict[str, Values]
    replicates: dict[str, Values]
    intervals: dict[str, list[Interval | None]]
    pairs: dict[str, list[Paired]]
    seed: int


def average_pictures(
    values: dict[str, Values], images: NDArray[np.intp], boxes: int, resamples: Resamples, seed: int
) -> Scored:
    """Average over pictures, in the whole sample and in every replicate of patients.

    Args:
        values: float64 (n, 9) by `MODEL` or a control's name.
        images: intp (n,), which of the resamples' images these are.
        boxes: How many boxes are in them.
        resamples: The replicates, the same for all.
        seed: Decides which patients are swapped in tests.
    """
    codes = resamples.codes[images]
    times = resamples.times[codes].astype(np.float64)
    total = times.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        replicates = {name: one.T @ times / total for name, one in values.items()}
    # The model's measures but the mean IoU are shares of images; a control's are means over its maps.
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
    """Average over the findings, each with the same weight.

    Args:
        scored: The findings.
        images: How many different pictures they have together.
        patients: How many patients.
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
    """Return the values with their intervals and the differences to the controls, as they are stored."""
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
    """Correct each control's and measure's p-values for the number of findings."""
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
