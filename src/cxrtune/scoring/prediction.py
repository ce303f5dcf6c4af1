"""The prediction of a model for one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cxrtune.errors import UsageError
from cxrtune.images.preprocess import Packed
from cxrtune.images.radiograph import Pixels
from cxrtune.notebook_html import card, image, paragraph, side_by_side, table
from cxrtune.scoring.heatmap import preview, to_png
from cxrtune.scoring.quality import Quality
from cxrtune.shown import short

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_WIDTH = 260  # pixels of a page


@dataclass(frozen=True)
class ModelIdentity:
    """The identity of a model.

    Attributes:
        title: The title of the model.
        sha256: SHA-256 of the model file.
        engine: The engine that runs the model, including the precision.
    """

    title: str
    sha256: str
    engine: str


@dataclass(frozen=True)
class FindingScore:
    """The score of one finding in one image.

    Attributes:
        finding: The name of the finding.
        score: The sigmoid of the network's logit, in [0, 1]; the score in tables of predictions.
        probability: The probability in [0, 1], calibrated on validation; None without a calibration.
        threshold: The threshold on the scale of `score`, chosen on validation; None if there is none.
        probability_threshold: The threshold on the scale of `probability`.
        positive: Whether `score` reaches the threshold; None without a threshold.
    """

    finding: str
    score: float
    probability: float | None
    threshold: float | None
    probability_threshold: float | None
    positive: bool | None


@dataclass(frozen=True, repr=False)
class Prediction:
    """The complete prediction of a model for one image.

    Attributes:
        findings: One score per finding, in the model's order.
        quality: The result of the quality checks.
        model: The identity of the model.
        cam: float32 (F, h, w), the class activation maps: the contribution of each position to the logit of
            each finding.
        pixels: uint8 or uint16 (H, W), the decoded radiograph, bright where the body absorbs most.
        packed: uint8 or float16 (S, S), the input of the network.
    """

    findings: tuple[FindingScore, ...]
    quality: Quality
    model: ModelIdentity
    cam: NDArray[np.float32]
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

    def __repr__(self) -> str:
        return f"Prediction({self._in_short()}; {self.quality.in_short()})"

    def _repr_html_(self) -> str:
        height, width = self.pixels.shape
        shown = image(
            to_png(preview(self.pixels, 2 * _SHOWN_WIDTH)),
            "image/png",
            f"The image that was scored, {width} x {height} pixels",
            _SHOWN_WIDTH,
        )
        header = ("finding", "score", "probability", "threshold", "decision")
        rows = [
            (
                one.finding,
                f"{one.score:.3f}",
                "not calibrated" if one.probability is None else f"{one.probability:.3f}",
                "none" if one.threshold is None else f"{one.threshold:.3f}",
                {True: "positive", False: "negative", None: ""}[one.positive],
            )
            for one in self.findings
        ]
        flags = [paragraph(f"Flag: the image {flag.text}.") for flag in self.quality.flags]
        model = paragraph(f"{self.model.title} ({self.model.engine}). Research software: not a diagnosis.")
        return card(
            self._in_short(),
            side_by_side(shown, table(header, rows)),
            paragraph(self.quality.in_short()),
            *flags,
            model,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the scores as a table.

        Returns:
            One row per finding, which is the index; columns `score` and `probability` in [0, 1], `threshold`
            on the scale of `score`, `probability_threshold` on that of `probability`, and `positive`. Values
            that the model does not provide are missing.
        """
        import pandas as pd

        rows = [vars(one) for one in self.findings]
        return pd.DataFrame(rows).set_index("finding").astype({"positive": "boolean"} | _NUMBERS)

    def _in_short(self) -> str:
        positive = [one.finding for one in self.findings if one.positive]
        judged = sum(one.positive is not None for one in self.findings)
        if not judged:
            return f"{len(self.findings)} findings scored, no thresholds"
        named = f": {', '.join(positive)}" if positive else ""
        return f"{len(positive)} of {judged} findings positive{named}"


_NUMBERS = dict.fromkeys(("score", "probability", "threshold", "probability_threshold"), "float64")


def require_finding(finding: str, known: tuple[str, ...]) -> None:
    """Check that a model knows a finding.

    Raises:
        UsageError: The finding is not one of the model's findings.
    """
    if finding not in known:
        raise UsageError(
            f"this model does not know {short(finding)}", remedy=f"Its findings are {', '.join(known)}."
        )
