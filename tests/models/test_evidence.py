"""Evidence maps against what they are said to be: exact contributions, or autograd's Grad-CAM."""

import pytest
import torch

from cxrtune.models.evidence import evidence_maps
from cxrtune.models.heads import make_head
from cxrtune.recipe import HeadSpec


@pytest.fixture
def maps():
    return torch.rand(3, 16, 5, 7, generator=torch.Generator().manual_seed(1))


def test_for_average_pooling_the_sum_over_the_map_is_the_logit_less_its_bias(maps):
    head = make_head(HeadSpec(pooling="average"), 16, 4)
    found = evidence_maps(maps, head).sum(dim=(2, 3)) + head.linear.bias
    torch.testing.assert_close(found, head(maps))


@pytest.mark.parametrize("pooling", ["average", "lse"])
def test_it_is_autograds_grad_cam(maps, pooling):
    head = make_head(HeadSpec(pooling=pooling), 16, 4).double()
    watched = maps.double().requires_grad_()
    logits = head(watched)
    for finding in range(4):
        (gradient,) = torch.autograd.grad(logits[:, finding].sum(), watched, retain_graph=True)
        expected = (gradient.mean(dim=(2, 3), keepdim=True) * watched).sum(dim=1)
        torch.testing.assert_close(evidence_maps(watched, head)[:, finding], expected)
