"""All outputs of one forward pass: logits, class activation maps, and the measurements of the OOD check.

Engines run this network and exports contain it, so that an exported model gives the same outputs.
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
    """The outputs, with the names that they have in exported models.

    Attributes:
        logits: float32 (N, F).
        evidence: float32 (N, F, h, w), the contribution of each position to each logit.
        ood_score: float32 (N, 3), the distance from the training images; NaN without an OOD check.
        pose: float32 (N, 16), logarithm of the probability of each pose; NaN without an OOD check.
    """

    logits: Tensor
    evidence: Tensor
    ood_score: Tensor
    pose: Tensor


class ScoringNet(nn.Module):
    """The network, its class activation maps and its OOD check in one forward pass.

    With `flip`, logits and class activation maps are averaged with those of the mirrored image.
    """

    def __init__(self, network: ChestNet, gate: Gate | None, *, flip: bool = False) -> None:
        super().__init__()
        self.network = network
        self.gate = gate
        self._flip = flip
        self.eval()

    def forward(self, pixels: Tensor) -> Scores:
        """Map grey values in [0, 255], uint8 or float (N, S, S), to the outputs."""
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
