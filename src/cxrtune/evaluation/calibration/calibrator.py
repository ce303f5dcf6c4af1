"""Maps a model's probability of one finding to a calibrated probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Method = Literal["temperature", "platt", "isotonic"]
METHODS: tuple[Method, ...] = ("temperature", "platt", "isotonic")

_SMALLEST = 1e-7


@dataclass(frozen=True)
class Calibrator:
    """Calibration map of one finding; it never reverses the order of two images.

    Attributes:
        method: `temperature` (Guo et al., ICML 2017), `platt` (Platt 1999), or `isotonic` (Zadrozny and
            Elkan, KDD 2002).
        prevalence: Fraction of positives among the images that it was fitted on, in (0, 1).
        slope: Slope of the logit, above 0; 1 / temperature. Not used by `isotonic`.
        offset: Offset added to the logit; 0 for `temperature`.
        steps: For `isotonic` only: probabilities of the model, ascending.
        levels: The calibrated probability at each of them, with linear interpolation in between.
    """

    method: Method
    prevalence: float
    slope: float = 1.0
    offset: float = 0.0
    steps: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()

    def __call__(self, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map probabilities in [0, 1], NaN if not known, to float64 of the same shape."""
        if self.method == "isotonic":
            return np.asarray(np.interp(probabilities, self.steps, self.levels), dtype=np.float64)
        return logistic(self.slope * logit(probabilities) + self.offset)

    def at_prevalence(self, probabilities: NDArray[np.floating], stated: float) -> NDArray[np.float64]:
        """Map probabilities to calibrated ones for a population with the stated prevalence.

        The odds are multiplied by the ratio of the two prevalences' odds (Saerens et al., Neural Computation
        2002), which is correct if positives and negatives themselves look the same in both populations.

        Args:
            probabilities: Probabilities of the model.
            stated: The prevalence, in (0, 1).
        """
        shift = logit(np.array(stated)) - logit(np.array(self.prevalence))
        return logistic(logit(self(probabilities)) + shift)


def read_calibrator(stored: dict[str, Any]) -> Calibrator:
    """Create a calibrator from its stored fields."""
    return Calibrator(**stored | {name: tuple(stored.get(name, ())) for name in ("steps", "levels")})


def logit(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the log odds, limited to about 16 in absolute value."""
    inside = np.clip(probabilities.astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(inside) - np.log1p(-inside), dtype=np.float64)


def logistic(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert logits to probabilities."""
    return np.asarray(expit(logits), dtype=np.float64)
