"""The sixteen poses of a picture, and a small network that tells which one it is in.

A chest that was turned, mirrored or inverted is still a chest: its features are near those of the training
images. Which pose it is in can be learned without any label, since every training image shows what each
pose looks like (Hendrycks et al., "Using Self-Supervised Learning Can Improve Model Robustness and
Uncertainty", NeurIPS 2019).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cxrtune.models.description import POSES

_LOWEST, _SERIES = -13.8, -4.0  # log-odds


class PoseNet(nn.Sequential):
    """Maps thumbnails, float32 (N, 1, s, s), to log-odds of the poses, float32 (N, 16)."""

    def __init__(self, side: int) -> None:
        last = -(-side // 8)  # each of three convolutions halves the side, rounding up
        super().__init__(
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(1),
            nn.Dropout(0.3),
            nn.Linear(32 * last * last, len(POSES)),
        )


def posed(thumbnails: Tensor, poses: Tensor) -> Tensor:
    """Bring upright thumbnails into poses.

    Args:
        thumbnails: float32 (N, 1, s, s), of mean 0, so that inverting is a change of sign.
        poses: int64 (N,), in [0, 16).
    """
    inverted, mirrored, turns = poses // 8, poses // 4 % 2, poses % 4
    found = torch.where((inverted == 1).view(-1, 1, 1, 1), -thumbnails, thumbnails)
    found = torch.where((mirrored == 1).view(-1, 1, 1, 1), found.flip(-1), found)
    for quarter in (1, 2, 3):
        chosen = turns == quarter
        found[chosen] = torch.rot90(found[chosen], quarter, (2, 3))
    return found


def log_surprise(odds: Tensor) -> Tensor:
    """Return log(-log p) of what has log-odds of -`odds`, that is log(log(1 + exp(odds))).

    Where `odds` is small, 1 + exp(odds) has no digits left, and an engine's own softplus is no better: there
    it is the series odds - x/2 + 5 x^2/24 of x = exp(odds), off by less than 1e-6.

    Args:
        odds: float32, any shape; below -13.8, a probability of one in a million, it counts as -13.8.
    """
    low = odds.clamp(_LOWEST, _SERIES)
    x = low.exp()
    series = low - x / 2 + 5 / 24 * x.square()
    return torch.where(odds < _SERIES, series, F.softplus(odds.clamp_min(_SERIES)).log())
