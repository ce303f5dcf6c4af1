"""Show the location of a finding in an image by the class activation map of a model."""

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
    """The location of one finding in one image.

    Attributes:
        score: Score and decision for the finding.
        cam: float32 (h, w), the class activation map of the network, in logits.
        heatmap: float32 (H, W) in [0, 1], the positive part of the map at the size of the image, scaled to a
            maximum of 1. It shows where the finding is seen, not how likely it is.
        pixels: uint8 or uint16 (H, W), the image.
    """

    score: FindingScore
    cam: NDArray[np.float32]
    heatmap: NDArray[np.float32]
    pixels: Pixels

    @property
    def finding(self) -> str:
        """The name of the finding."""
        return self.score.finding

    @cached_property
    def overlay(self) -> NDArray[np.uint8]:
        """The heatmap over the image, uint8 (H, W, 3), RGB."""
        return overlay(self.pixels, self.heatmap)

    @cached_property
    def figure(self) -> Figure:
        """A new figure with the overlay; it is not registered with pyplot."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=self._size(), layout="constrained")
        self.plot(figure.subplots())
        return figure

    def plot(self, ax: Axes | None = None, *, opacity: float = OPACITY) -> Axes:
        """Draw the overlay.

        Args:
            ax: The axes to draw into; None creates new axes with pyplot, which a notebook shows.
            opacity: Opacity of the colour where the heatmap is 1, in [0, 1].

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
    """Return the class activation map of one finding at the size of the image.

    Args:
        prediction: The prediction for the image.
        spec: The preprocessing of the image.
        finding: The finding; None uses the first of `worth_explaining`.

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
    """Return the positive findings or, if there are none, the finding nearest to its threshold."""
    positive = [score.finding for score in prediction.findings if score.positive]
    if positive:
        return positive
    return [max(prediction.findings, key=lambda score: score.score - (score.threshold or 0.5)).finding]
