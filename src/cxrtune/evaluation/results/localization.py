"""A model's heatmaps against boxes that people drew, beside controls."""

from __future__ import annotations

from pydantic import Field

from cxrtune.evaluation.results.record import Interval, Intervals, Stored


class LocalizationValues(Stored):
    """What the maps of a model, or a control, reach on the same images.

    `pointing` is the share of images whose maximum lies in a box; `iou` the share, by threshold, whose
    predicted box overlaps a box by that much. The intervals are named `pointing`, `mean_iou` and `iou_0.1` to
    `iou_0.7`.
    """

    pointing: float | None
    mean_iou: float | None
    iou: dict[str, float | None]
    intervals: Intervals = Field(default_factory=dict)

    @property
    def measures(self) -> dict[str, float | None]:
        """All values by the names that their intervals have."""
        by_threshold = {f"iou_{threshold}": value for threshold, value in self.iou.items()}
        return {"pointing": self.pointing, "mean_iou": self.mean_iou, **by_threshold}


class LocalizationDifference(Stored):
    """The model less a control on the same images; `p_holm` is `p_value` corrected over the findings."""

    difference: float | None
    interval: Interval | None
    p_value: float | None
    p_holm: float | None


class LocalizationFinding(Stored):
    """One finding, or the mean over them; differences are by control and by the name of an interval."""

    images: int
    patients: int
    boxes: int
    values: LocalizationValues
    controls: dict[str, LocalizationValues]
    differences: dict[str, dict[str, LocalizationDifference]]


class Localization(Stored):
    """One model's heatmaps against a list of boxes.

    `rule` and `controls` say how it was done; `not_scored` counts images that have a box but no map of that
    finding, and `without` names findings that have boxes but no maps.
    """

    model: str
    title: str
    method: str
    cells: list[int]
    rule: str
    controls: dict[str, str]
    file: str
    sha256: str
    images: int
    patients: int
    boxes: int
    not_scored: int
    without: list[str]
    findings: dict[str, LocalizationFinding]
    macro: LocalizationFinding
    macro_over: int
