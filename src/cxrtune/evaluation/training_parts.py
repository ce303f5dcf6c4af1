"""Evaluate models that may have been trained on evaluated images on those they were not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround, named_interval
from cxrtune.evaluation.comparison import compare_means
from cxrtune.evaluation.results import AreaResult, Contamination, OutsideResult
from cxrtune.evaluation.roc import auroc
from cxrtune.evaluation.statistics.auroc_interval import auroc_estimate
from cxrtune.evaluation.statistics.mover import Estimate, mean_estimate


@dataclass(frozen=True)
class TrainingPart:
    """What is known about the images that a model was trained on.

    Attributes:
        seen: By image name, whether it was in the training part; images that are not listed are not known.
        rule: Description of how they were chosen.
        source: Where the rule is published.
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
    found = {name: areas_within(ground, name, outside) for name in ground.scores}
    return OutsideResult(
        model=model,
        images=int(outside.sum()),
        patients=len(set(ground.patients[outside])),
        findings={name: findings for name, (findings, _) in found.items()},
        macro={name: macro for name, (_, macro) in found.items()},
        differences=compare_means(ground, [name for name in ground.scores if name != model], model, outside),
    )


def _masks(ground: CommonGround, part: TrainingPart) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the images outside the training part, and those for which this is not known."""
    seen = part.seen.reindex(ground.cohort.images[ground.rows])
    unknown = seen.isna().to_numpy()
    return (seen == False).to_numpy(dtype=bool) & ~unknown, unknown  # noqa: E712  null is neither


def areas_within(
    ground: CommonGround, model: str, within: NDArray[np.bool_]
) -> tuple[dict[str, AreaResult], AreaResult]:
    """Return one model's AUROCs by finding, and their mean.

    Args:
        ground: The shared test set.
        model: Name of the model.
        within: bool (n,), restricts the images.
    """
    results: dict[str, AreaResult] = {}
    estimates: list[Estimate] = []
    for column, finding in enumerate(ground.findings):
        if not ground.has(model, column):
            continue
        sample = ground.sample(model, column, within)
        truth, scores = sample.truth, sample.scores
        found = auroc_estimate(truth, scores, sample.patients, ground.resamples.patients)
        estimates += [] if found is None else [found]
        results[finding] = AreaResult(
            auroc=auroc(sample.labels, scores),
            positives=int(truth.sum()),
            negatives=int((~truth).sum()),
            intervals={} if found is None else named_interval("auroc", found.interval()),
        )
    defined = [result for result in results.values() if result.auroc is not None]
    mean = mean_estimate(estimates) if len(estimates) == len(defined) else None
    return results, AreaResult(
        auroc=float(np.mean([result.auroc for result in defined])) if defined else None,
        positives=sum(result.positives for result in defined),
        negatives=sum(result.negatives for result in defined),
        intervals={} if mean is None else named_interval("auroc", mean.interval()),
    )
