"""Values of a ROC curve: sensitivity at fixed specificity, the reverse, and partial areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import named_interval
from cxrtune.evaluation.results import CurveResult, Intervals
from cxrtune.evaluation.roc import RocCurve, roc_curve
from cxrtune.evaluation.statistics.effective_size import Z95, kish, student
from cxrtune.evaluation.statistics.mover import Bounded, moved_interval
from cxrtune.evaluation.statistics.proportion import effective_images, mid_p_interval
from cxrtune.evaluation.statistics.swaps import count_below

HELD = (0.80, 0.90, 0.95)
"""The fixed specificities, and the fixed sensitivities."""

AT_LEAST = 0.90
"""Lower bound of the specificity, or the sensitivity, of partial areas."""

FEWEST_PATIENTS = 100
"""Minimum number of patients of the class whose tenth the partial area is based on, for an interval."""

_ROUNDING = 1e-9

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]
Patients = NDArray[np.intp]


@dataclass(frozen=True)
class _Sample:
    """Images of one finding; swapping the classes and the sign of the scores swaps the curve's axes."""

    truth: Mask
    scores: Values
    patients: Patients
    curve: RocCurve

    def images(self, mask: Mask) -> NDArray[np.intp]:
        """Count the images of each patient where a mask is True."""
        return np.bincount(self.patients[mask], minlength=int(self.patients.max()) + 1)


def curve_values(truth: Mask, scores: NDArray[np.floating], patients: Patients) -> CurveResult | None:
    """Compute the values; None if there are no positives or no negatives.

    Args:
        truth: bool (n,), True for positives.
        scores: (n,), all known.
        patients: intp (n,), the patient index of each image, from 0.
    """
    sides = {
        "sensitivity": _sample(truth, scores.astype(np.float64), patients),
        "specificity": _sample(~truth, -scores.astype(np.float64), patients),
    }
    values: dict[str, dict[str, float]] = {side: {} for side in sides}
    partial: dict[str, float] = {}
    intervals: Intervals = {}
    for side, sample in sides.items():
        if sample is None:
            return None
        for held in HELD:
            value, limits = _at(sample, held)
            values[side][f"{held:.2f}"] = value
            intervals |= named_interval(f"{side}_at_{held:.2f}", limits)
        # The area for specificities of at least 0.90 is the area under the sensitivity there.
        held_side = "specificity" if side == "sensitivity" else "sensitivity"
        partial[held_side], limits = _partial(sample)
        intervals |= named_interval(f"partial_{held_side}", limits)
    return CurveResult(
        sensitivity_at=values["sensitivity"],
        specificity_at=values["specificity"],
        partial_auroc=partial,
        intervals=intervals,
    )


def _sample(truth: Mask, scores: Values, patients: Patients) -> _Sample | None:
    curve = roc_curve(truth.astype(np.float64), scores)
    return None if curve is None else _Sample(truth, scores, patients, curve)


def _at(sample: _Sample, specificity: float) -> tuple[float, tuple[float, float] | None]:
    """Return the sensitivity at a specificity, and its interval.

    Two sources of uncertainty are combined: the sensitivity at a threshold is uncertain, as any proportion;
    and the threshold for a specificity is uncertain, because the specificity is. The curve converts the
    latter to an uncertainty of the sensitivity (Woodruff, "Confidence intervals for medians and other
    position measures", JASA 1952).
    """
    false, curve = 1 - specificity, sample.curve
    value, threshold = _read(curve, false), curve.thresholds[_place(curve, false)]
    called = sample.scores >= threshold
    counts = [(sample.images(called & mask), sample.images(mask)) for mask in (sample.truth, ~sample.truth)]
    if any((of > 0).sum() < 2 for _, of in counts):
        return value, None
    positives, negatives = (effective_images(hits, of) for hits, of in counts)
    low, high = mid_p_interval(value * positives, positives)
    least, most = mid_p_interval(false * negatives, negatives)
    ends = _lowest(curve, least, negatives), _highest(curve, most)
    return value, moved_interval(Bounded(value, low, high), *ends)


def _lowest(curve: RocCurve, false: float, negatives: float) -> float:
    """Return the sensitivity at the last negative within a false-positive rate.

    Between two negatives the curve is interpolated linearly, as with interpolated order statistics (Beran and
    Hall, "Interpolated nonparametric prediction intervals and confidence intervals", JRSS B 1993). Above the
    first negative the images do not determine the threshold, which may be above all scores.
    """
    across, first = np.unique(curve.false_positive_rate, return_index=True)
    reached = float(np.interp(max(false, 1 / negatives), across, curve.sensitivity[first]))
    return min(1.0, false * negatives) * reached


def _highest(curve: RocCurve, false: float) -> float:
    """Return the sensitivity at the first negative beyond a false-positive rate."""
    across, first = np.unique(curve.false_positive_rate, return_index=True)
    last = np.append(first[1:], len(curve.sensitivity)) - 1
    return float(np.interp(false, across, curve.sensitivity[last]))


def _place(curve: RocCurve, false: float) -> int:
    """Return the index of the curve's last point with at most this false-positive rate."""
    return int(np.searchsorted(curve.false_positive_rate, false + _ROUNDING, "right")) - 1


def _read(curve: RocCurve, false: float) -> float:
    """Return the sensitivity at a false-positive rate, interpolated linearly."""
    place = _place(curve, false)
    across, up = curve.false_positive_rate, curve.sensitivity
    if place == len(across) - 1:
        return float(up[-1])
    share = max(0.0, false - across[place]) / (across[place + 1] - across[place])
    return float(up[place] + share * (up[place + 1] - up[place]))


def _partial(sample: _Sample) -> tuple[float, tuple[float, float] | None]:
    """Return the standardized area for specificities of at least 0.90, and its interval.

    The area divided by 0.10 is the mean sensitivity there, a mean over positives of values in [0, 1]. Its
    variance is that of the patients' contributions (by placements, as in Dodd and Pepe, "Partial AUC
    estimation and regression", Biometrics 2003), and its interval is that of a proportion with the number of
    images that has this variance.
    """
    most = 1 - AT_LEAST
    mean = _area(sample.curve, most) / most
    counts = [sample.images(mask) for mask in (sample.truth, ~sample.truth)]
    patients = [int((count > 0).sum()) for count in counts]
    if patients[0] < 2 or patients[1] < FEWEST_PATIENTS:
        return _standardized(mean, most), None
    parts = _parts(sample, most) / most
    variance = float((parts**2).sum()) * min(patients) / (min(patients) - 1)
    least = min(kish(count[count > 0]) for count in counts)
    number = mean * (1 - mean) / variance * (Z95 / student(min(patients))) ** 2 if variance > 0 else least
    # At most what binary decisions would need, as they vary most.
    number = min(number, float(counts[0].sum()))
    low, high = mid_p_interval(min(max(mean, 0.0), 1.0) * number, number)
    return _standardized(mean, most), (_standardized(low, most), _standardized(high, most))


def _area(curve: RocCurve, most: float) -> float:
    """Return the area up to a false-positive rate, with linear interpolation."""
    inside = _place(curve, most) + 1
    across = np.append(curve.false_positive_rate[:inside], most)
    up = np.append(curve.sensitivity[:inside], _read(curve, most))
    return float(np.trapezoid(up, across))


def _parts(sample: _Sample, most: float) -> Values:
    """Return each patient's contribution to the error of the area, float64 (P,); they add up to 0."""
    truth, scores = sample.truth, sample.scores
    positives, negatives = np.sort(scores[truth]), np.sort(scores[~truth])
    beyond = 1 - count_below(negatives, scores[truth]) / len(negatives)
    of_positives = np.maximum(most - beyond, 0.0)
    inside = positives[1 - count_below(negatives, positives) / len(negatives) < most]
    of_negatives = count_below(inside, scores[~truth]) / len(positives)
    number = int(sample.patients.max()) + 1
    parts = np.zeros(number)
    for mask, values, sign in ((truth, of_positives, 1), (~truth, of_negatives, -1)):
        centred = sign * (values - values.mean()) / len(values)
        parts += np.bincount(sample.patients[mask], weights=centred, minlength=number)
    return parts


def _standardized(mean: float, most: float) -> float:
    """Standardize as McClish: chance, most / 2 on average, becomes 0.5 and a perfect value becomes 1."""
    return (1 + (mean - most / 2) / (1 - most / 2)) / 2
