"""Models that may have been trained on evaluated images, on those outside their training part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround, interval_of, mean_of, named_interval
from cxrtune.evaluation.comparison import compare
from cxrtune.evaluation.results import AreaResult, Contamination, OutsideResult
from cxrtune.evaluation.roc import auroc
from cxrtune.evaluation.statistics.areas import AreaReplicates
from cxrtune.evaluation.statistics.auroc_interval import auroc_interval


@dataclass(frozen=True)
class TrainingPart:
    """What is known of the images that a model was trained on.

    Attributes:
        seen: By image name, whether it was in the training part; an image that is not named is not known.
        rule: How they were chosen, in words.
        source: Where that is published.
    """

    seen: pd.Series[bool]
    rule: str
    source: str


def contamination(ground: CommonGround, part: TrainingPart) -> Contamination:
    """Count the evaluated images inside and outside a model's training part."""
    outside, unknown = _masks(ground, part)
    return Contamination(
        rule=part.rule,
        source=part.source,
        inside=int((~outside & ~unknown).sum()),
        outside=int(outside.sum()),
        outside_patients=len(set(ground.patients[outside])),
        unknown=int(unknown.sum()),
    )


def evaluate_outside(ground: CommonGround, model: str, part: TrainingPart) -> OutsideResult | None:
    """Evaluate all models on the images that one of them was not trained on; None if there are none."""
    outside, _ = _masks(ground, part)
    if not outside.any():
        return None
    areas = ground.areas(outside)
    findings = {name: _findings(ground, name, areas, outside) for name in ground.scores}
    return OutsideResult(
        model=model,
        images=int(outside.sum()),
        patients=len(set(ground.patients[outside])),
        findings=findings,
        macro={name: _macro(ground, name, findings[name], areas) for name in ground.scores},
        differences={
            other: compare(ground, other, model, outside).macro for other in ground.scores if other != model
        },
    )


def _masks(ground: CommonGround, part: TrainingPart) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which images are outside the training part, and of which that is not known."""
    seen = part.seen.reindex(ground.cohort.images[ground.rows])
    unknown = seen.isna().to_numpy()
    return (seen == False).to_numpy(dtype=bool) & ~unknown, unknown  # noqa: E712  null is neither


def _findings(
    ground: CommonGround,
    model: str,
    areas: Mapping[tuple[str, int], AreaReplicates],
    within: NDArray[np.bool_],
) -> dict[str, AreaResult]:
    results = {}
    for column, finding in enumerate(ground.findings):
        if (model, column) not in areas:
            continue
        keep = ground.usable[:, column] & within
        truth, scores = ground.truth[keep, column], ground.scores[model][keep, column]
        results[finding] = AreaResult(
            auroc=auroc(truth.astype(np.float32), scores),
            positives=int(truth.sum()),
            negatives=int((~truth).sum()),
            intervals=named_interval("auroc", auroc_interval(truth, scores, ground.resamples.codes[keep])),
        )
    return results


def _macro(
    ground: CommonGround,
    model: str,
    results: Mapping[str, AreaResult],
    areas: Mapping[tuple[str, int], AreaReplicates],
) -> AreaResult:
    defined = [finding for finding, result in results.items() if result.auroc is not None]
    replicates = mean_of([areas[model, ground.findings.index(finding)].auroc for finding in defined])
    interval = interval_of(replicates)
    return AreaResult(
        auroc=float(np.mean([results[finding].auroc or 0.0 for finding in defined])) if defined else None,
        positives=sum(results[finding].positives for finding in defined),
        negatives=sum(results[finding].negatives for finding in defined),
        intervals={} if interval is None else {"auroc": interval},
    )
