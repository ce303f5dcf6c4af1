"""Where in one image a model sees one finding: the class activation map, laid over the image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cxrtune.images.radiograph import Pixels
from cxrtune.notebook_html import card, image, paragraph
from cxrtune.recipe import PreprocessSpec
from cxrtune.scoring.heatmap import OPACITY, heat, overlay, to_png
from cxrtune.scoring.prediction import FindingScore, Prediction, require_finding

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN_WIDTH = 320  # pixels of a page
_SIDE = 4.5  # inches of a figure's longer side


@dataclass(frozen=True, repr=False)
class Explanation:
    """Where one finding is seen in one image.

    Attributes:
        score: What the model says of the finding.
        cam: float32 (h, w), the class activation map as the network gives it, in logits.
        heatmap: float32 (H, W) in [0, 1], what speaks for the finding, in pixels of the image: 1 where it is
            strongest in this image. It says where, never how likely.
        pixels: uint8 or uint16 (H, W), the image.
    """

    score: FindingScore
    cam: NDArray[np.float32]
    heatmap: NDArray[np.float32]
    pixels: Pixels

    @property
    def finding(self) -> str:
        """The finding's name."""
        return self.score.finding

    @cached_property
    def overlay(self) -> NDArray[np.uint8]:
        """uint8 (H, W, 3), red, green, blue: the heatmap over the image."""
        return overlay(self.pixels, self.heatmap)

    @cached_property
    def figure(self) -> Figure:
        """A figure of its own with the overlay; it is not registered with pyplot."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=self._size(), layout="constrained")
        self.plot(figure.subplots())
        return figure

    def plot(self, ax: Axes | None = None, *, opacity: float = OPACITY) -> Axes:
        """Draw the overlay.

        Args:
            ax: Where; None draws into new axes of pyplot, which a notebook shows.
            opacity: Of the colour where the heatmap is 1, in [0, 1].

        Returns:
            The axes.
        """
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=self._size(), layout="constrained")
        ax.imshow(overlay(self.pixels, self.heatmap, opacity))
        ax.set_title(self._title(), fontsize=9)
        ax.set_axis_off()
        return ax

    def __repr__(self) -> str:
        height, width = self.heatmap.shape
        return f"Explanation({self._title()}; heatmap {height} x {width})"

    def _repr_html_(self) -> str:
        drawn = image(to_png(self.overlay), "image/png", f"Heatmap of {self.finding}", _SHOWN_WIDTH)
        return card(
            self._title(), drawn, paragraph("The scale is this image's own: where, never how likely.")
        )

    def _title(self) -> str:
        decision = {True: ", positive", False: ", negative", None: ""}[self.score.positive]
        return f"{self.finding}: score {self.score.score:.3f}{decision}"

    def _size(self) -> tuple[float, float]:
        height, width = self.pixels.shape
        longer = max(height, width)
        return _SIDE * width / longer, _SIDE * height / longer + 0.3


def explain(prediction: Prediction, spec: PreprocessSpec, finding: str | None) -> Explanation:
    """Bring the class activation map of one finding to the image.

    Args:
        prediction: Of the image.
        spec: How the image became the network's input.
        finding: The finding; None takes the first of `worth_explaining`.

    Raises:
        UsageError: The model does not know the finding.
    """
    known = tuple(score.finding for score in prediction.findings)
    chosen = worth_explaining(prediction)[0] if finding is None else finding
    require_finding(chosen, known)
    cam = prediction.cam[known.index(chosen)]
    height, width = prediction.pixels.shape
    return Explanation(prediction[chosen], cam, heat(cam, (height, width), spec), prediction.pixels)


def worth_explaining(prediction: Prediction) -> list[str]:
    """Return the positive findings; where there is none, the one nearest to its threshold."""
    positive = [score.finding for score in prediction.findings if score.positive]
    if positive:
        return positive
    return [max(prediction.findings, key=lambda score: score.score - (score.threshold or 0.5)).finding]
