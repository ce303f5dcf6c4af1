"""Two models' calls on the same images."""

from __future__ import annotations

from cxrtune.evaluation.results.record import Interval, Stored


class CallDifference(Stored):
    """The sensitivity, or the specificity, of one model less that of another, each at its own threshold.

    `images` are those with the finding (of sensitivity) or without it (of specificity), and `patients`
    theirs. `first_only` of them are called rightly by the first model only, `second_only` by the second only.
    `p_patients` swaps the models within patients (with one image per patient it is McNemar's exact test);
    interval, error, correction and verdict are as in `PairedResult`.
    """

    difference: float | None
    interval: Interval | None
    interval_holm: Interval | None
    p_patients: float | None
    p_error: float | None
    p_holm: float | None
    verdict: str
    images: int
    patients: int
    first_only: int
    second_only: int


class CallComparison(Stored):
    """Two models at their thresholds; differences are `first` less `second`, by finding."""

    first: str
    second: str
    sensitivity: dict[str, CallDifference]
    specificity: dict[str, CallDifference]
