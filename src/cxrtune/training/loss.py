"""Binary cross-entropy over several findings, with class weights and unknown labels."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F


def positive_weights(labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return negatives / positives a finding, so that both classes weigh alike in the loss.

    Args:
        labels: float32 (N, F) of the training part, 1, 0, or NaN where not known; each finding
            has at least one positive.

    Returns:
        float32 (F,).
    """
    positives, negatives = np.sum(labels == 1, axis=0), np.sum(labels == 0, axis=0)
    return np.asarray(negatives / positives, dtype=np.float32)


def summed_bce(logits: Tensor, labels: Tensor, pos_weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sum of the binary cross-entropy over the labels that are known, and their number.

    Args:
        logits: float32 (N, F).
        labels: float32 (N, F), 1, 0, or NaN where not known.
        pos_weight: float32 (F,), what a positive label's term is multiplied with.

    Returns:
        Two scalars, float32; their ratio is the mean loss.
    """
    known = ~torch.isnan(labels)
    terms = F.binary_cross_entropy_with_logits(
        logits.float(), torch.where(known, labels, 0.0), pos_weight=pos_weight, reduction="none"
    )
    return (terms * known).sum(), known.sum().float()


def masked_bce(logits: Tensor, labels: Tensor, pos_weight: Tensor) -> Tensor:
    """Return the mean binary cross-entropy over the labels that are known, a scalar; 0 where none is.

    Arguments are those of `summed_bce`.
    """
    total, known = summed_bce(logits, labels, pos_weight)
    return total / known.clamp(min=1)
