"""What a model says of one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.images.preprocess import Packed
from cxrtune.images.radiograph import Pixels
from cxrtune.scoring.quality import Quality


@dataclass(frozen=True)
class ModelIdentity:
    """Which model it was.

    Attributes:
        title: In prose.
        sha256: Of its model file.
        engine: What ran it, precision included.
    """

    title: str
    sha256: str
    engine: str


@dataclass(frozen=True)
class FindingScore:
    """One finding of one picture.

    Attributes:
        finding: Its name.
        raw: The model's own probability in [0, 1]; tables of predictions hold this one.
        probability: Calibrated on validation, in [0, 1]; None where the model has no calibration for it.
        threshold: On the scale of `raw`, chosen on validation; None where there is none.
        calibrated_threshold: The threshold on the scale of `probability`.
        present: Whether `raw` reaches the threshold; None without one.
    """

    finding: str
    raw: float
    probability: float | None
    threshold: float | None
    calibrated_threshold: float | None
    present: bool | None


@dataclass(frozen=True)
class Prediction:
    """Everything that a model says of one picture.

    Attributes:
        findings: One score a finding, in the model's order.
        quality: Whether the picture is one that the model can judge.
        model: Which model it was.
        evidence: float32 (F, h, w), what each place of the picture adds to each finding's logit.
        pixels: uint8 or uint16 (H, W), the radiograph as it was decoded, bright where the body absorbs most.
        packed: uint8 or float16 (S, S), what the network saw.
    """

    findings: tuple[FindingScore, ...]
    quality: Quality
    model: ModelIdentity
    evidence: NDArray[np.float32]
    pixels: Pixels
    packed: Packed

    def __getitem__(self, finding: str) -> FindingScore:
        """Return the score of a finding by its name.

        Raises:
            KeyError: The model does not know the finding.
        """
        for score in self.findings:
            if score.finding == finding:
                return score
        raise KeyError(finding)
