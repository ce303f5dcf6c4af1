"""Two models, or all of them on a part of the images."""

from __future__ import annotations

from cxrtune.evaluation.results.model import AreaResult
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


class OutsideResult(Stored):
    """All models on the evaluated images that one of them was not trained on."""

    model: str
    images: int
    patients: int
    findings: dict[str, dict[str, AreaResult]]
    macro: dict[str, AreaResult]
    differences: dict[str, PairedResult]
