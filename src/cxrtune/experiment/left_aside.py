"""Report the images, findings and heatmaps that were not evaluated, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.results import StoredResults
from cxrtune.findings import NIH_FINDINGS, meaning
from cxrtune.predictions import Predictions
from cxrtune.report.judged import part_of
from cxrtune.shown import listed, short


def left_aside(results: StoredResults, tables: Mapping[str, Predictions], cohort: CohortTable) -> list[str]:
    """Return notes, one sentence each, on the images and findings that were not evaluated, and why."""
    known = set(cohort.images)
    of = f"of {results.images:,} {part_of(results)}images"
    notes = [
        f"{model.not_scored:,} {of} have no score of {model.name}"
        for model in results.models
        if model.not_scored
    ]
    for name, table in tables.items():
        strangers = [image for image in table.images if image not in known]
        if strangers:
            notes.append(
                f"{name} scored {len(strangers):,} images that are not in the cohort,"
                f" {short(strangers[0])} for one"
            )
    lacking = {name: _without_scores(table) for name, table in tables.items()}
    notes += [f"{name} has no scores of {listed(lacks)}" for name, lacks in lacking.items() if lacks]
    notes += [
        f"{name} knows {listed(more)}, of which the cohort has no labels"
        for name, table in tables.items()
        if (more := _beyond_the_cohort(table, cohort.findings))
    ]
    if len(results.models) > 1 and results.shared_images != results.images:
        notes.append(
            f"{results.shared_images or 0:,} {of} were scored by every model; scores are judged on these"
        )
    return notes


def without_boxes(results: StoredResults, heatmaps: Collection[str]) -> list[str]:
    """Return notes on the models whose heatmaps could not be evaluated, or only in part."""
    localized = {one.model: one for one in results.localizations}
    notes = []
    for name in heatmaps:
        one = localized.get(name)
        if one is None:
            notes.append(f"none of the {part_of(results)}images has both a box and a heatmap of {name}")
        elif one.not_scored:
            notes.append(f"{one.not_scored:,} boxed {part_of(results)}images have no heatmap of {name}")
    return notes


def _without_scores(table: Predictions) -> list[str]:
    known = ~np.isnan(table.scores)
    return [finding for column, finding in enumerate(table.findings) if not known[:, column].any()]


def _beyond_the_cohort(table: Predictions, findings: Collection[str]) -> list[str]:
    """Return the findings of a model, by its card and its columns, that the cohort does not have."""
    judged, of_nih = set(map(meaning, findings)), set(map(meaning, NIH_FINDINGS))
    named = [name for name in table.unread if meaning(name) in of_nih]
    every = {meaning(name): name for name in (*named, *table.model.thresholds)}
    return [name for plain, name in every.items() if plain not in judged]
