"""Where in the picture a logit comes from: evidence maps in closed form, without a backward pass.

A linear layer on pooled maps is a sum over places. With average pooling what a place adds to the logit is
exact (class activation maps; Zhou et al., CVPR 2016). With log-sum-exp pooling the map is weighted by the
gradient, averaged over the map (Grad-CAM; Selvaraju et al., ICCV 2017): as the places' shares of the soft
maximum sum to one, that average is the very same weight, so one formula serves both heads.

Weighting each place by its own gradient instead (HiResCAM) points less well, and so do maps of larger inputs:
`benchmarks/evidence.py`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cxrtune.models.heads import Head


def evidence_maps(maps: Tensor, head: Head) -> Tensor:
    """Return the evidence for each finding at each place of the last feature map.

    Args:
        maps: float32 (N, C, h, w), what the head was given.
        head: Pooling and one linear layer.

    Returns:
        float32 (N, F, h, w), in logits; for average pooling its sum over the map is the logit less its bias.
    """
    places = maps.shape[2] * maps.shape[3]
    return torch.einsum("fc,nchw->nfhw", head.linear.weight, maps) / places
