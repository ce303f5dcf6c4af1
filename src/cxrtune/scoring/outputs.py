"""Run the network on decoded images and convert its outputs to predictions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np
from scipy.special import expit

from cxrtune.engines.engine import Engine, Outputs
from cxrtune.errors import UnreadableImageError
from cxrtune.evaluation.calibration.calibrator import Calibrator, read_calibrator
from cxrtune.images.preprocess import Packed
from cxrtune.images.reading import Appearance, Reading
from cxrtune.models.description import ModelInfo
from cxrtune.scoring.prediction import FindingScore, ModelIdentity, Prediction
from cxrtune.scoring.quality import Quality, assess

Read = TypeVar("Read")


def scored_in_turn(
    engine: Engine, read: Iterable[Read | UnreadableImageError], image: Callable[[Read], Packed]
) -> Iterator[tuple[Read, Outputs] | UnreadableImageError]:
    """Run the network on decoded images; yield each with its outputs, and reading errors in their place."""
    behind: deque[Read | UnreadableImageError] = deque()

    def images() -> Iterator[Packed]:
        for found in read:
            behind.append(found)
            if not isinstance(found, UnreadableImageError):
                yield image(found)

    for outputs in engine.stream(images()):
        while isinstance(first := behind.popleft(), UnreadableImageError):
            yield first
        yield first, outputs
    yield from (error for error in behind if isinstance(error, UnreadableImageError))


class Scoring:
    """Converts network outputs to predictions by the model's thresholds, calibration and OOD check."""

    def __init__(self, info: ModelInfo, identity: ModelIdentity) -> None:
        self._info = info
        self._identity = identity
        self._calibrators = {finding: read_calibrator(stored) for finding, stored in info.calibration.items()}

    def prediction(self, reading: Reading, outputs: Outputs) -> Prediction:
        """Return the prediction for one image.

        Args:
            reading: The image, with its radiograph.
            outputs: The outputs of `ScoringNet` for this image.
        """
        assert reading.radiograph is not None
        return Prediction(
            findings=self.scores(outputs),
            quality=self.quality(reading.appearance, outputs),
            model=self._identity,
            cam=outputs[1],
            pixels=reading.radiograph.pixels,
            packed=reading.packed,
        )

    def scores(self, outputs: Outputs) -> tuple[FindingScore, ...]:
        """Return one score per finding, in the model's order."""
        score = expit(outputs[0])
        return tuple(
            self._score(finding, float(value))
            for finding, value in zip(self._info.findings, score, strict=True)
        )

    def quality(self, appearance: Appearance, outputs: Outputs) -> Quality:
        """Check whether the image is suitable for the model."""
        _, _, ood_score, pose = outputs
        return assess(appearance, ood_score, pose, self._info.gate)

    def _score(self, finding: str, score: float) -> FindingScore:
        threshold, calibrator = self._info.thresholds.get(finding), self._calibrators.get(finding)
        return FindingScore(
            finding=finding,
            score=score,
            probability=_calibrated(calibrator, score),
            threshold=threshold,
            probability_threshold=None if threshold is None else _calibrated(calibrator, threshold),
            positive=None if threshold is None else score >= threshold,
        )


def _calibrated(calibrator: Calibrator | None, score: float) -> float | None:
    return None if calibrator is None else float(calibrator(np.array([score]))[0])
