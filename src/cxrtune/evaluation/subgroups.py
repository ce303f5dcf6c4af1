"""The models in groups of images: sex, age, view, and first or later visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.evaluation.calls import call_intervals, call_replicates
from cxrtune.evaluation.common_ground import CommonGround, interval_of, intervals_of, mean_of, named_interval
from cxrtune.evaluation.results import Attribute, Group, GroupFinding, GroupModel, Intervals
from cxrtune.evaluation.roc import auroc
from cxrtune.evaluation.statistics.auroc_interval import auroc_interval

FEWEST = 10
"""Positives, and negatives, without which a group says nothing of a finding."""

AGE_BANDS: tuple[tuple[str, int, int], ...] = (
    ("under 18", 0, 17),
    ("18 to 39", 18, 39),
    ("40 to 64", 40, 64),
    ("65 and over", 65, 200),
)

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]
Thresholds = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class _Cell:
    """One model, finding and group: values and replicates by name."""

    positives: int
    negatives: int
    values: dict[str, float]
    replicates: dict[str, Values]
    intervals: Intervals


def evaluate_subgroups(ground: CommonGround, thresholds: Thresholds) -> list[Attribute]:
    """Evaluate every model in every group, and each group's gap to the largest of its attribute.

    Args:
        ground: The images, labels and scores.
        thresholds: Each model's, by finding.

    Returns:
        The attributes with at least two groups.
    """
    attributes = []
    for name, masks in attribute_masks(ground.cohort.frame.iloc[ground.rows]).items():
        present = {group: mask for group, mask in masks.items() if mask.any()}
        if len(present) < 2:
            continue
        reference = max(present, key=lambda group, masks=present: int(masks[group].sum()))  # type: ignore[misc]
        cells = {group: _cells(ground, mask, thresholds) for group, mask in present.items()}
        groups = [
            _group(ground, group, mask, cells[group], cells[reference], is_reference=group == reference)
            for group, mask in present.items()
        ]
        inside = np.logical_or.reduce(list(present.values()))
        attributes.append(Attribute(name=name, unknown=int((~inside).sum()), groups=groups))
    return attributes


def attribute_masks(frame: pd.DataFrame) -> dict[str, dict[str, Mask]]:
    """Return bool (n,) masks by attribute and group; an image without the attribute is in none."""
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


def _cells(ground: CommonGround, mask: Mask, thresholds: Thresholds) -> dict[tuple[str, int], _Cell]:
    areas = ground.areas(mask)
    limits = {
        model: np.array([thresholds.get(model, {}).get(finding, np.nan) for finding in ground.findings])
        for model in ground.scores
    }
    called = {model: scores.astype(np.float64) >= limits[model] for model, scores in ground.scores.items()}
    within = ground.usable & mask[:, np.newaxis]
    drawn_calls = {
        model: call_replicates(calls, ground.truth, within, ground.resamples)
        for model, calls in called.items()
    }
    cells = {}
    for (model, column), replicates in areas.items():
        usable = within[:, column]
        truth, scores = ground.truth[:, column], ground.scores[model][:, column]
        positives, negatives = int((truth & usable).sum()), int((~truth & usable).sum())
        values: dict[str, float] = {}
        drawn: dict[str, Values] = {}
        intervals: Intervals = {}
        if min(positives, negatives) >= FEWEST:
            area = auroc(truth[usable].astype(np.float32), scores[usable])
            patients = ground.resamples.codes[usable]
            values, drawn = {"auroc": area or 0.0}, {"auroc": replicates.auroc}
            intervals |= named_interval("auroc", auroc_interval(truth[usable], scores[usable], patients))
            if not np.isnan(limits[model][column]):
                calls, at = called[model][:, column], drawn_calls[model]
                drawn |= {"sensitivity": at["recall"][column], "specificity": at["specificity"][column]}
                values["sensitivity"] = float(calls[truth & usable].mean())
                values["specificity"] = float((~calls)[~truth & usable].mean())
                found = call_intervals(calls[usable], truth[usable], patients)
                intervals |= {"sensitivity": found["recall"], "specificity": found["specificity"]}
        cells[model, column] = _Cell(positives, negatives, values, drawn, intervals)
    return cells


def _group(
    ground: CommonGround,
    name: str,
    mask: Mask,
    cells: dict[tuple[str, int], _Cell],
    reference: dict[tuple[str, int], _Cell],
    *,
    is_reference: bool,
) -> Group:
    models = {}
    for model in ground.scores:
        own = {column: cell for (other, column), cell in cells.items() if other == model}
        against = {column: reference[model, column] for column in own}
        models[model] = _model(ground, own, against, is_reference=is_reference)
    return Group(
        name=name,
        images=int(mask.sum()),
        patients=len(set(ground.patients[mask])),
        is_reference=is_reference,
        models=models,
    )


def _finding(cell: _Cell, reference: _Cell, *, is_reference: bool) -> GroupFinding:
    shared = [] if is_reference else [name for name in cell.values if name in reference.values]
    return GroupFinding(
        auroc=cell.values.get("auroc"),
        sensitivity=cell.values.get("sensitivity"),
        specificity=cell.values.get("specificity"),
        positives=cell.positives,
        negatives=cell.negatives,
        intervals=cell.intervals,
        gaps={name: cell.values[name] - reference.values[name] for name in shared},
        gap_intervals=intervals_of(
            {name: cell.replicates[name] - reference.replicates[name] for name in shared}
        ),
    )


def _model(
    ground: CommonGround, own: dict[int, _Cell], reference: dict[int, _Cell], *, is_reference: bool
) -> GroupModel:
    columns = [c for c in own if "auroc" in own[c].values and "auroc" in reference[c].values]
    here, there = (
        mean_of([cells[column].replicates["auroc"] for column in columns]) for cells in (own, reference)
    )
    mean, other = (
        float(np.mean([cells[column].values["auroc"] for column in columns])) if columns else None
        for cells in (own, reference)
    )
    gap = None if mean is None or other is None or is_reference else mean - other
    return GroupModel(
        macro_auroc=mean,
        interval=interval_of(here),
        over=len(columns),
        gap=gap,
        gap_interval=None if gap is None else interval_of(here - there),
        findings={
            ground.findings[column]: _finding(cell, reference[column], is_reference=is_reference)
            for column, cell in own.items()
        },
    )
