"""Everything that one look at an image gives: logits, evidence maps, and what the OOD check measures.

This is what engines run and what is exported, so that an exported model answers as the model itself does.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from cxrtune.models.densenet import ChestNet
from cxrtune.models.description import DISTANCES, POSES
from cxrtune.models.gate import Gate
from cxrtune.models.heads import Head, evidence_maps


class Scores(NamedTuple):
    """The outputs, by the names that they have in exported models.

    Attributes:
        logits: float32 (N, F).
        evidence: float32 (N, F, h, w), what each place adds to each logit.
        ood_score: float32 (N, 3), how far the image is from the training images; NaN without a gate.
        pose: float32 (N, 16), logarithm of the probability of each pose; NaN without a gate.
    """

    logits: Tensor
    evidence: Tensor
    ood_score: Tensor
    pose: Tensor


class ScoringNet(nn.Module):
    """The network, its explanation and its gate in one forward pass.

    `flip` averages logits and evidence with those of the mirror image.
    """

    def __init__(self, network: ChestNet, gate: Gate | None, *, flip: bool = False) -> None:
        super().__init__()
        self.network = network
        self.gate = gate
        self._flip = flip
        self.eval()

    def forward(self, pixels: Tensor) -> Scores:
        """Map grey in [0, 255], uint8 or float (N, S, S), to its scores."""
        features = self.network.features(pixels)
        logits, evidence = self._scored(features)
        if self._flip:
            mirrored_logits, mirrored = self._scored(self.network.features(pixels.flip(-1)))
            logits = (logits + mirrored_logits) / 2
            evidence = (evidence + mirrored.flip(-1)) / 2
        if self.gate is None:
            unknown = torch.full_like(logits[:, :1], torch.nan)
            return Scores(logits, evidence, unknown.repeat(1, len(DISTANCES)), unknown.repeat(1, len(POSES)))
        return Scores(logits, evidence, *self.gate(pixels, features))

    def _scored(self, features: Tensor) -> tuple[Tensor, Tensor]:
        tail = self.network.tail
        maps = torch.relu(tail.norm5(tail.denseblock4(features)))
        head = cast(Head, tail.head)
        return head(maps), evidence_maps(maps, head)
