"""The rows of a table of scored images, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxrtune.models.description import ModelInfo
from cxrtune.predictions import ModelCard, Predictions
from cxrtune.scoring.loading import TITLE
from cxrtune.scoring.prediction import FindingScore, ModelIdentity
from cxrtune.scoring.quality import Quality

Row = dict[str, Any]


def failed_row(reason: str) -> Row:
    """Return the row of an image that is not scored."""
    return {
        "score": {},
        "probability": {},
        "positive": {},
        "quality": None,
        "ood_score": None,
        "reason": reason,
    }


def row_of(scores: Sequence[FindingScore], quality: Quality, *, refuse: bool) -> Row:
    """Return the row of an image that was scored.

    Args:
        scores: One score per finding.
        quality: The result of the quality checks.
        refuse: Whether to give no probabilities if the checks flag the image.
    """
    flags = quality.flags
    if refuse and not quality.fit:
        refused = failed_row("refused: " + "; ".join(flag.text for flag in flags))
        return refused | {"quality": [flag.name for flag in flags], "ood_score": quality.ood_score}
    return {
        "score": {found.finding: found.score for found in scores},
        "probability": {score.finding: score.probability for score in scores},
        "positive": {found.finding: found.positive for found in scores},
        "quality": [flag.name for flag in flags],
        "ood_score": quality.ood_score,
        "reason": None,
    }


def table_of(
    info: ModelInfo, identity: ModelIdentity, names: Sequence[str], rows: Sequence[Row]
) -> Predictions:
    """Return rows as a table, whose columns have the same types whatever the rows contain.

    Args:
        info: The description of the model.
        identity: The identity of the model.
        names: The names of the images, one per row.
        rows: The rows, in the same order.
    """
    findings = info.findings
    values = np.array(
        [[row["score"].get(finding, np.nan) for finding in findings] for row in rows], np.float32
    )
    more: dict[str, Any] = {}
    kinds: dict[str, Any] = {"probability": pd.Float32Dtype(), "positive": pd.BooleanDtype()}
    for kind, dtype in kinds.items():
        more |= {
            f"{kind}_{finding}": pd.array([row[kind].get(finding) for row in rows], dtype=dtype)
            for finding in findings
        }
    quality = [None if row["quality"] is None else ";".join(row["quality"]) for row in rows]
    more["quality"] = pd.array(quality, dtype=pd.StringDtype())
    more["ood_score"] = pd.array([row["ood_score"] for row in rows], dtype=pd.Float32Dtype())
    more["reason"] = pd.array([row["reason"] for row in rows], dtype=pd.StringDtype())
    card = replace(model_card(info), sha256=identity.sha256, engine=identity.engine)
    unknown = np.full(len(rows), None, dtype=object)
    return Predictions(np.array(names, dtype=object), unknown, findings, values, card, more)


def model_card(info: ModelInfo) -> ModelCard:
    """Return the description of a cxrtune model that is stored in a table of predictions."""
    return ModelCard(
        title=TITLE,
        origin=f"Recipe {info.recipe.name}; {info.origin}",
        threshold_rule=info.threshold_rule,
        thresholds=info.thresholds,
        operating_points=info.operating_points,
        calibration=info.calibration,
    )
