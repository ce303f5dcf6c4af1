"""One picture's raw scores -> a prediction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from cxrtune.engines.engine import Outputs
from cxrtune.evaluation.calibration.calibrator import Calibrator
from cxrtune.evaluation.validation import read_calibrator
from cxrtune.images.radiograph import Radiograph
from cxrtune.inference.prediction import FindingScore, ModelIdentity, Prediction
from cxrtune.inference.quality import assess
from cxrtune.models.description import ModelInfo


class Scoring:
    """Knows a model's thresholds, calibration and gate; turns what its network gave into predictions."""

    def __init__(self, info: ModelInfo, identity: ModelIdentity) -> None:
        self._info = info
        self._identity = identity
        self._calibrators = {finding: read_calibrator(stored) for finding, stored in info.calibration.items()}

    def prediction(self, radiograph: Radiograph, packed: NDArray[np.uint8], outputs: Outputs) -> Prediction:
        """Lay one picture's outputs out.

        Args:
            radiograph: As it was decoded.
            packed: uint8 (S, S), what the network saw.
            outputs: Of `ScoringNet`, of this picture.
        """
        logits, evidence, strangeness, pose = outputs
        raw = expit(logits)
        return Prediction(
            findings=tuple(
                self._score(finding, float(value))
                for finding, value in zip(self._info.findings, raw, strict=True)
            ),
            quality=assess(radiograph, packed, strangeness, pose, self._info.gate),
            model=self._identity,
            evidence=evidence,
            pixels=radiograph.pixels,
            packed=packed,
        )

    def _score(self, finding: str, raw: float) -> FindingScore:
        threshold, calibrator = self._info.thresholds.get(finding), self._calibrators.get(finding)
        return FindingScore(
            finding=finding,
            raw=raw,
            probability=_calibrated(calibrator, raw),
            threshold=threshold,
            calibrated_threshold=None if threshold is None else _calibrated(calibrator, threshold),
            present=None if threshold is None else raw >= threshold,
        )


def _calibrated(calibrator: Calibrator | None, raw: float) -> float | None:
    return None if calibrator is None else float(calibrator(np.array([raw]))[0])
