"""The quick way through the dense block against torch's own layers and autograd."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.densenet import _DenseBlock

from cxrtune.models.batch_statistics import track
from cxrtune.models.dense_block import train_dense_block
from cxrtune.models.densenet import build_network
from cxrtune.recipe import HeadSpec, PreprocessSpec

GIVEN, MADE, LAYERS = 8, 4, 3


class Plain(nn.Module):
    """A small dense block and the batch-norm after it, as torchvision runs them."""

    def __init__(self):
        super().__init__()
        self.block = _DenseBlock(LAYERS, GIVEN, bn_size=2, growth_rate=MADE, drop_rate=0.0)
        self.norm = nn.BatchNorm2d(GIVEN + LAYERS * MADE)

    def forward(self, features):
        return F.relu(self.norm(self.block(features)))


class Quick(Plain):
    def forward(self, features):
        return train_dense_block(self.block, self.norm, features)


def norms(model):
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


@pytest.fixture
def quick():
    """With scales and shifts of either sign, among them scales of 0 and tiny ones, in double precision."""
    torch.manual_seed(0)
    model = Quick().double().train()
    for norm in norms(model):
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
        norm.weight.data[::5] = 0
        norm.weight.data[1::5] = 1e-8
        norm.weight.data[2::5] = -1e-8
    return model


def plain_like(model):
    plain = Plain().to(next(model.parameters()).dtype).train(model.training)
    plain.load_state_dict(model.state_dict())
    for ours, theirs in zip(norms(model), norms(plain), strict=True):
        theirs.momentum = ours.momentum
    return plain


def features_for(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 3 + 2


def learn(model, features):
    """Return what a model puts out, and the gradients of some function of it."""
    output = model(features)
    weights = torch.rand(output.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    (output * weights.to(output)).sum().backward()
    return output.detach(), {name: weight.grad for name, weight in model.named_parameters()}


@pytest.mark.parametrize("shape", [(1, GIVEN, 7, 7), (2, GIVEN, 1, 1), (3, GIVEN, 2, 2), (5, GIVEN, 7, 5)])
@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
def test_output_gradients_and_running_statistics_are_torchs(quick, shape, memory_format):
    plain = plain_like(quick)
    features = features_for(*shape).contiguous(memory_format=memory_format)
    for _ in range(2):
        ours, theirs = learn(quick, features), learn(plain, features)
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(quick.state_dict(), plain.state_dict(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("momentum", [0.3, None])
def test_momentum_is_torchs(quick, momentum):
    for norm in norms(quick):
        norm.momentum = momentum
    plain = plain_like(quick)
    for step in range(3):
        learn(quick, features_for(2, GIVEN, 3, 3) * step)
        learn(plain, features_for(2, GIVEN, 3, 3) * step)
    torch.testing.assert_close(quick.state_dict(), plain.state_dict(), rtol=1e-12, atol=1e-12)


def test_a_norm_that_tracks_nothing_is_left_alone():
    track(nn.BatchNorm2d(2, track_running_stats=False), torch.ones(2, 2))


def test_variance_survives_a_large_mean(quick):
    plain, features = plain_like(quick), features_for(4, GIVEN, 3, 3) + 1e4
    torch.testing.assert_close(learn(quick, features), learn(plain, features), rtol=1e-6, atol=1e-8)


def test_one_value_a_channel_is_torchs_error(quick):
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        quick(features_for(1, GIVEN, 1, 1))


@pytest.fixture
def tail():
    return build_network(3, HeadSpec(), PreprocessSpec(), seed=0).tail.train()


def plain_logits(tail, features):
    return tail.head(F.relu(tail.norm5(tail.denseblock4(features))))


def trunk_output(count):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, 7, 7, 512, generator=generator).permute(0, 3, 1, 2)


def test_a_training_step_of_the_tail_is_as_exact_as_torchs(tail):
    """Both round: compared with double precision, ours may be no further off than theirs, within a factor."""
    features, plain, exact = trunk_output(4), copy.deepcopy(tail), copy.deepcopy(tail).double()
    F.softplus(tail(features)).sum().backward()
    F.softplus(plain_logits(plain, features)).sum().backward()
    F.softplus(plain_logits(exact, features.double())).sum().backward()

    def error(model):
        pairs = zip(model.parameters(), exact.parameters(), strict=True)
        return torch.stack([(p.grad - q.grad).norm() / q.grad.norm() for p, q in pairs])

    assert error(tail).max() < max(2 * error(plain).max(), 1e-5)
    torch.testing.assert_close(dict(tail.named_buffers()), dict(plain.named_buffers()))


def test_the_tail_takes_the_quick_way_in_a_training_step_only(tail, monkeypatch):
    taken = []
    monkeypatch.setattr(
        "cxrtune.models.densenet.train_dense_block",
        lambda block, norm, features: taken.append(len(features)) or torch.zeros(len(features), 1024, 1, 1),
    )
    features = trunk_output(2)
    tail(features)
    assert taken == [2]
    tail(features.clone().requires_grad_())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        tail(features)
    tail.eval()(features)
    assert taken == [2]


def test_eval_mode_and_a_trunk_that_learns_get_the_plain_layers_to_the_bit(tail):
    features = trunk_output(2)
    with torch.inference_mode():
        assert torch.equal(tail.eval()(features), plain_logits(tail, features))
    plain = copy.deepcopy(tail.train())
    ours, theirs = features.clone().requires_grad_(), features.clone().requires_grad_()
    tail(ours).sum().backward()
    plain_logits(plain, theirs).sum().backward()
    assert torch.equal(ours.grad, theirs.grad)


@pytest.mark.parametrize("shape", [(2, 1024, 7, 7), (3, 16, 2, 2)])
def test_pooling_is_torchs_logsumexp_with_its_gradient(shape):
    head = build_network(3, HeadSpec(pooling="lse"), PreprocessSpec(), seed=0).tail.head
    maps = torch.randn(shape, generator=torch.Generator().manual_seed(0)).relu_()
    for layout in (torch.channels_last, torch.contiguous_format):
        ours = maps.clone(memory_format=layout).requires_grad_()
        theirs = maps.clone(memory_format=layout).requires_grad_()
        sharpness, area = head.pooling.sharpness, torch.tensor(float(shape[2] * shape[3]))
        pooled = head.pooling(ours)
        reference = torch.logsumexp(sharpness * theirs, dim=(2, 3))
        torch.testing.assert_close(pooled, (reference - area.log()) / sharpness)
        pooled.sum().backward()
        (reference / sharpness).sum().backward()
        torch.testing.assert_close(ours.grad, theirs.grad)
