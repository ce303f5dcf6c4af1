"""Where in the picture a logit comes from: evidence maps in closed form, without a backward pass.

A linear layer on pooled maps is a sum over places, so what each place contributed can be written down.
Average pooling: the contribution is exact (class activation maps; Zhou et al., CVPR 2016). Log-sum-exp:
every place is weighted by the gradient there, which is its share of the soft maximum (HiResCAM; Draelos and
Carin, arXiv 2011.08891); Grad-CAM would average that gradient over the map, and forget which place won.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cxrtune.models.heads import AveragePooling, Head, LogSumExpPooling


def evidence_maps(maps: Tensor, head: Head) -> Tensor:
    """Return what each place of the last feature map adds to each logit.

    Args:
        maps: float32 (N, C, h, w), what the head was given.
        head: Pooling and one linear layer.

    Returns:
        float32 (N, F, h, w), in logits; for average pooling its sum over the map is the logit less its bias.
    """
    weighted = maps * _gradient(maps, head.pooling)
    return torch.einsum("fc,nchw->nfhw", head.linear.weight, weighted)


def _gradient(maps: Tensor, pooling: nn.Module) -> Tensor:
    """Return d pooled / d map, float32 (N, C, h, w)."""
    if isinstance(pooling, LogSumExpPooling):
        return (pooling.sharpness * maps).flatten(2).softmax(dim=2).view_as(maps)
    if isinstance(pooling, AveragePooling):
        return torch.full_like(maps, 1 / (maps.shape[2] * maps.shape[3]))
    raise TypeError(f"no evidence is known for {type(pooling).__name__}")
