"""Two models, or all of them on a part of the images."""

from __future__ import annotations

from cxrtune.evaluation.results.model import AreaResult
from cxrtune.evaluation.results.record import Interval, Stored


class PairedResult(Stored):
    """The AUROC of one model less that of another, on the same images.

    `p_delong` takes images as independent, `p_patients` draws patients; `p_holm` is `p_patients` after Holm's
    correction over the findings, and decides the verdict: `higher`, `lower`, `not separable`, or `undefined`.
    """

    difference: float | None
    interval: Interval | None
    p_delong: float | None
    p_patients: float | None
    p_holm: float | None
    verdict: str
    images: int
    patients: int
    positives: int


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
