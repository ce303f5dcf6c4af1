"""Pooling against its definition and its limits."""

import pytest
import torch

from cxrtune.models.heads import AveragePooling, LogSumExpPooling, evidence_maps, make_head
from cxrtune.recipe import HeadSpec


@pytest.fixture
def maps():
    return torch.rand(2, 5, 7, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4


def test_log_sum_exp_is_its_definition(maps):
    expected = torch.log(torch.exp(10 * maps).mean(dim=(2, 3))) / 10
    torch.testing.assert_close(LogSumExpPooling(10)(maps), expected)


def test_log_sum_exp_lies_between_mean_and_maximum_and_reaches_both(maps):
    mean, maximum = maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))
    pooled = LogSumExpPooling(10)(maps)
    assert (mean < pooled).all()
    assert (pooled < maximum).all()
    torch.testing.assert_close(LogSumExpPooling(1e-6)(maps), mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(LogSumExpPooling(1e6)(maps), maximum, rtol=1e-4, atol=1e-4)


def test_log_sum_exp_does_not_overflow():
    assert torch.isfinite(LogSumExpPooling(10)(torch.full((1, 1, 7, 7), 1e4))).all()


def test_average_pooling_is_the_mean(maps):
    torch.testing.assert_close(AveragePooling()(maps), maps.flatten(2).mean(2))


@pytest.mark.parametrize(("pooling", "kind"), [("lse", LogSumExpPooling), ("average", AveragePooling)])
def test_the_recipe_chooses_the_pooling(pooling, kind):
    head = make_head(HeadSpec(pooling=pooling, sharpness=3), channels=5, findings=2)
    assert isinstance(head.pooling, kind)
    assert head(torch.rand(4, 5, 7, 7)).shape == (4, 2)


@pytest.fixture
def last_maps():
    return torch.rand(3, 16, 5, 7, generator=torch.Generator().manual_seed(1))


def test_for_average_pooling_the_sum_of_evidence_over_the_map_is_the_logit_less_its_bias(last_maps):
    head = make_head(HeadSpec(pooling="average"), 16, 4)
    found = evidence_maps(last_maps, head).sum(dim=(2, 3)) + head.linear.bias
    torch.testing.assert_close(found, head(last_maps))


@pytest.mark.parametrize("pooling", ["average", "lse"])
def test_evidence_is_autograds_grad_cam(last_maps, pooling):
    head = make_head(HeadSpec(pooling=pooling), 16, 4).double()
    watched = last_maps.double().requires_grad_()
    logits = head(watched)
    for finding in range(4):
        (gradient,) = torch.autograd.grad(logits[:, finding].sum(), watched, retain_graph=True)
        expected = (gradient.mean(dim=(2, 3), keepdim=True) * watched).sum(dim=1)
        torch.testing.assert_close(evidence_maps(watched, head)[:, finding], expected)
