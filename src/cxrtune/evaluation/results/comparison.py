"""Two models on the same images: differences of AUROC, and of what they call."""

from __future__ import annotations

from cxrtune.evaluation.results.record import Interval, Stored


class PairedResult(Stored):
    """The AUROC of one model less that of another, on the same images.

    `p_delong` takes images as independent; `p_patients` swaps the models within patients, and `p_error` is
    its Monte-Carlo standard error. `p_holm` is `p_patients` after Holm's correction over all findings, means
    and pairs of models but the primary endpoint, and decides the verdict: `higher`, `lower`, `not separable`,
    `too few to compare` (there is no test), or `undefined`. `interval` holds the differences that the test
    does not reject at 5 %, and `interval_holm` those that it does not reject at the level that Holm's
    correction left for it: this one leaves out 0 where the verdict is `higher` or `lower`, and only there.
    `detectable` is the true difference that a test at 5 % finds with a power of 80 %. With a `margin`,
    `p_noninferior` is the corrected p-value of "worse by the margin or more"; at most 0.05 is `noninferior`.
    """

    difference: float | None
    interval: Interval | None
    interval_holm: Interval | None
    p_delong: float | None
    p_patients: float | None
    p_error: float | None
    p_holm: float | None
    detectable: float | None
    primary: bool = False
    margin: float | None = None
    p_noninferior: float | None = None
    noninferior: bool | None = None
    verdict: str
    images: int
    patients: int
    positives: int
    positive_patients: int
    negative_patients: int


class Comparison(Stored):
    """Two models, finding by finding and on average; differences are `first` less `second`."""

    first: str
    second: str
    findings: dict[str, PairedResult]
    macro: PairedResult


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
