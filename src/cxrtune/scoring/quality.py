"""Check whether an image is suitable for the model: a frontal chest radiograph like the training images.

There are two kinds of checks. The OOD check (`models/gate`) measures the distance of the image from the
training images; its threshold was chosen on validation images. Simple checks use the grey values only. A flag
never changes a probability: it warns that the probability is meaningless or less reliable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cxrtune.images.reading import Appearance
from cxrtune.models.description import DISTANCES, POSES, UPRIGHT, GateInfo

FlagName = Literal["unlike_training", "pose", "blank", "low_contrast", "tiny", "not_checked"]

SMALLEST_SIDE = 112
"""In pixels; half of the input size of the reference recipe's network."""

_BLANK = 2.0  # grey values of 255 between the 1st and the 99th percentile
_LOW_CONTRAST = 26.0  # a tenth of the range


@dataclass(frozen=True)
class Flag:
    """One quality problem of an image.

    Attributes:
        name: Short name for programs.
        text: Description for users.
    """

    name: FlagName
    text: str


@dataclass(frozen=True)
class Quality:
    """The result of the quality checks.

    Attributes:
        flags: The quality problems; empty if the image looks like a training image.
        ood_score: The out-of-distribution score, the distance of the image from the training images: 0 is the
            median of validation images, 1 about their 99th percentile; None if the model has no OOD check.
        ood_threshold: The OOD score above which an image is flagged; None if the model has no OOD check.
    """

    flags: tuple[Flag, ...]
    ood_score: float | None
    ood_threshold: float | None

    @property
    def fit(self) -> bool:
        """Whether no check has flagged the image."""
        return not any(flag.name != "not_checked" for flag in self.flags)

    def in_short(self) -> str:
        """Return the OOD score, its threshold and the flags' names in one line."""
        names = ", ".join(flag.name for flag in self.flags)
        flagged = f"flagged: {names}" if names else "no flags"
        if self.ood_score is None or self.ood_threshold is None:
            return f"no OOD check; {flagged}"
        return f"OOD score {self.ood_score:.2f} (threshold {self.ood_threshold:.2f}); {flagged}"


def assess(
    appearance: Appearance,
    ood_score: NDArray[np.float32],
    pose: NDArray[np.float32],
    gate: GateInfo | None,
) -> Quality:
    """Check the quality of one image.

    Args:
        appearance: Size and contrast of the image.
        ood_score: float32 (3,), from the OOD check.
        pose: float32 (16,), logarithm of the probability of each pose.
        gate: The threshold of the OOD check; None if the model has no OOD check.
    """
    flags = _grey_flags(appearance)
    if gate is None:
        flags.append(Flag("not_checked", "this model has no OOD check: train it again to get one"))
        return Quality(tuple(flags), None, None)
    largest = float(ood_score.max())
    # A blank image has no pose.
    if largest > gate.threshold and not any(flag.name == "blank" for flag in flags):
        flags.append(_looks_other(ood_score, pose, gate.threshold))
    return Quality(tuple(flags), largest, gate.threshold)


def _looks_other(ood_score: NDArray[np.float32], pose: NDArray[np.float32], threshold: float) -> Flag:
    """Return the flag `pose` if an image looks rotated, mirrored or inverted, else `unlike_training`."""
    likely = int(np.argmax(pose))
    elsewhere = max(ood_score[DISTANCES.index(name)] for name in ("features", "image"))
    of_pose = ood_score[DISTANCES.index("pose")]
    if likely != UPRIGHT and of_pose > threshold and of_pose >= elsewhere:
        return Flag("pose", f"looks {POSES[likely]}")
    return Flag("unlike_training", "does not look like a frontal chest radiograph of the training data")


def _grey_flags(appearance: Appearance) -> list[Flag]:
    flags = []
    if min(appearance.height, appearance.width) < SMALLEST_SIDE:
        flags.append(Flag("tiny", f"is only {appearance.width} x {appearance.height} pixels"))
    if appearance.contrast < _BLANK:
        flags.append(Flag("blank", "is blank: all of one grey"))
    elif appearance.contrast < _LOW_CONTRAST:
        flags.append(Flag("low_contrast", f"uses only {appearance.contrast / 255:.0%} of the grey range"))
    return flags
