"""Evaluate the models in subgroups of images: sex, age, view, and first or later visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround, Sample, named_intervals, stored
from cxrtune.evaluation.results import Attribute, Group, GroupFinding, GroupModel, Interval
from cxrtune.evaluation.statistics.auroc_interval import auroc_estimate
from cxrtune.evaluation.statistics.effective_size import LEVEL
from cxrtune.evaluation.statistics.mover import Estimate, combined, mean_estimate
from cxrtune.evaluation.statistics.proportion import proportion_estimate
from cxrtune.evaluation.verdicts import FEWEST_PATIENTS

AGE_BANDS: tuple[tuple[str, int, int], ...] = (
    ("under 18", 0, 17),
    ("18 to 39", 18, 39),
    ("40 to 64", 40, 64),
    ("65 and over", 65, 200),
)

Mask = NDArray[np.bool_]
Thresholds = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class _Cell:
    """One model, finding and group: counts, and the available estimates, by name."""

    positives: int
    negatives: int
    positive_patients: int
    negative_patients: int
    estimates: dict[str, Estimate]


_Cells = dict[tuple[str, int], _Cell]


@dataclass(frozen=True)
class _Grouped:
    """One attribute: the images and cells of each group, the largest of which is the reference."""

    name: str
    masks: dict[str, Mask]
    cells: dict[str, _Cells]

    @property
    def reference(self) -> str:
        return max(self.masks, key=lambda group: int(self.masks[group].sum()))

    def means(self, group: str, model: str) -> tuple[list[Estimate], list[Estimate]]:
        """Return the AUROCs of a group and of the reference, for the findings that both have."""
        shared = [
            (own.estimates["auroc"], there.estimates["auroc"])
            for key, own in self.cells[group].items()
            if key[0] == model
            and "auroc" in own.estimates
            and "auroc" in (there := self.cells[self.reference][key]).estimates
        ]
        return [own for own, _ in shared], [there for _, there in shared]


def evaluate_subgroups(ground: CommonGround, thresholds: Thresholds) -> list[Attribute]:
    """Evaluate every model in every group, and each group's gap to the largest group of its attribute.

    Args:
        ground: The shared test set.
        thresholds: Thresholds by model and finding.

    Returns:
        The attributes with at least two groups.
    """
    grouped = []
    for name, masks in attribute_masks(ground.cohort.frame.iloc[ground.rows]).items():
        present = {group: mask for group, mask in masks.items() if mask.any()}
        if len(present) > 1:
            cells = {group: _cells(ground, mask, thresholds) for group, mask in present.items()}
            grouped.append(_Grouped(name, present, cells))
    gaps = {
        model: sum(
            bool(one.means(group, model)[0])
            for one in grouped
            for group in one.masks
            if group != one.reference
        )
        for model in ground.scores
    }
    return [_attribute(ground, one, gaps) for one in grouped]


def attribute_masks(frame: pd.DataFrame) -> dict[str, dict[str, Mask]]:
    """Return bool (n,) masks by attribute and group; images without the attribute are in no group."""
    sex, view = (frame[name].astype("string") for name in ("sex", "view"))
    age, visit = (pd.to_numeric(frame[name], errors="coerce") for name in ("age", "followup"))
    return {
        "Sex": {"female": _mask(sex == "F"), "male": _mask(sex == "M")},
        "Age": {name: _mask(age.between(low, high)) for name, low, high in AGE_BANDS},
        "View": {name: _mask(view == name) for name in ("PA", "AP")},
        "Visit": {"first": _mask(visit == 0), "later": _mask(visit > 0)},
    }


def _mask(series: pd.Series[bool]) -> Mask:
    return series.fillna(False).to_numpy(dtype=bool)


def _cells(ground: CommonGround, mask: Mask, thresholds: Thresholds) -> _Cells:
    return {
        (model, column): _cell(
            ground.sample(model, column, mask),
            ground.resamples.patients,
            thresholds.get(model, {}).get(ground.findings[column]),
        )
        for model, column in ground.scored()
    }


def _cell(sample: Sample, number: int, threshold: float | None) -> _Cell:
    truth, codes = sample.truth, sample.patients
    positives, negatives = (np.bincount(codes[side], minlength=number) for side in (truth, ~truth))
    with_it, without_it = int((positives > 0).sum()), int((negatives > 0).sum())
    estimates: dict[str, Estimate | None] = {}
    if min(with_it, without_it) >= FEWEST_PATIENTS:
        estimates["auroc"] = auroc_estimate(truth, sample.scores, codes, number)
        if threshold is not None:
            called = sample.calls(threshold)
            for name, right, of in (
                ("sensitivity", called & truth, positives),
                ("specificity", ~called & ~truth, negatives),
            ):
                estimates[name] = proportion_estimate(np.bincount(codes[right], minlength=number), of)
    return _Cell(
        positives=int(truth.sum()),
        negatives=int((~truth).sum()),
        positive_patients=with_it,
        negative_patients=without_it,
        estimates={name: one for name, one in estimates.items() if one is not None},
    )


def _attribute(ground: CommonGround, grouped: _Grouped, gaps: Mapping[str, int]) -> Attribute:
    inside = np.logical_or.reduce(list(grouped.masks.values()))
    groups = [
        Group(
            name=group,
            images=int(mask.sum()),
            patients=len(set(ground.patients[mask])),
            is_reference=group == grouped.reference,
            models={model: _model(ground, grouped, group, model, gaps[model]) for model in ground.scores},
        )
        for group, mask in grouped.masks.items()
    ]
    return Attribute(name=grouped.name, unknown=int((~inside).sum()), groups=groups)


def _model(ground: CommonGround, grouped: _Grouped, group: str, model: str, gaps: int) -> GroupModel:
    own, there = grouped.means(group, model)
    mean = mean_estimate(own)
    gap = None if group == grouped.reference else _gap(mean, mean_estimate(there))
    return GroupModel(
        macro_auroc=None if mean is None else mean.value,
        interval=_interval(mean),
        over=len(own),
        gap=None if gap is None else gap.value,
        gap_interval=_interval(gap),
        # Bonferroni-corrected level: all gaps of a model's means hold simultaneously.
        gap_interval_corrected=_interval(gap, LEVEL / max(gaps, 1)),
        findings={
            ground.findings[column]: _finding(
                cell, None if group == grouped.reference else grouped.cells[grouped.reference][model, column]
            )
            for (other, column), cell in grouped.cells[group].items()
            if other == model
        },
    )


def _finding(cell: _Cell, reference: _Cell | None) -> GroupFinding:
    theirs = {} if reference is None else reference.estimates
    gaps = {name: _gap(one, theirs.get(name)) for name, one in cell.estimates.items()}
    values = {name: one.value for name, one in cell.estimates.items()}
    return GroupFinding(
        auroc=values.get("auroc"),
        sensitivity=values.get("sensitivity"),
        specificity=values.get("specificity"),
        positives=cell.positives,
        negatives=cell.negatives,
        positive_patients=cell.positive_patients,
        negative_patients=cell.negative_patients,
        intervals=_intervals(cell.estimates),
        gaps={name: gap.value for name, gap in gaps.items() if gap is not None},
        gap_intervals=_intervals({name: gap for name, gap in gaps.items() if gap is not None}),
    )


def _gap(own: Estimate | None, there: Estimate | None) -> Estimate | None:
    return None if own is None or there is None else combined([(1.0, own), (-1.0, there)])


def _interval(estimate: Estimate | None, level: float = LEVEL) -> Interval | None:
    return None if estimate is None else stored(estimate.interval(level))


def _intervals(estimates: Mapping[str, Estimate]) -> dict[str, Interval]:
    return named_intervals({name: one.interval() for name, one in estimates.items()})
