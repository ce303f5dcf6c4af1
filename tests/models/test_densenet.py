"""What is frozen, what is trained, and what the two parts compute together."""

import pytest
import torch
from torchvision.models import densenet121

from cxrtune.models.densenet import build_network, densenet121_features
from cxrtune.recipe import HeadSpec, PreprocessSpec

SMALL = PreprocessSpec(size=64)


@pytest.fixture
def network():
    return build_network(3, HeadSpec(pooling="average"), SMALL, seed=0)


@pytest.fixture
def pixels():
    return torch.randint(0, 256, (4, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_exactly_dense_block_4_norm_5_and_the_head_are_trainable(network):
    trainable = {name for name, weight in network.named_parameters() if weight.requires_grad}
    block = {
        f"tail.denseblock4.denselayer{layer}.{part}.{kind}"
        for layer in range(1, 17)
        for part, kinds in {"norm1": 2, "conv1": 1, "norm2": 2, "conv2": 1}.items()
        for kind in ("weight", "bias")[:kinds]
    }
    assert trainable == block | {
        f"tail.{n}.{k}" for n in ("norm5", "head.linear") for k in ("weight", "bias")
    }
    frozen = {name.split(".")[2] for name, weight in network.named_parameters() if not weight.requires_grad}
    blocks = {f"{kind}{i}" for kind in ("denseblock", "transition") for i in (1, 2, 3)}
    assert frozen == {"conv0", "norm0"} | blocks


def test_trunk_stays_in_eval_mode_after_train(network):
    network.train()
    assert not any(module.training for module in network.trunk.modules())
    assert all(module.training for module in network.tail.modules())


def test_a_training_step_leaves_the_trunk_identical_to_the_bit(network, pixels):
    before = {name: value.clone() for name, value in network.trunk.state_dict().items()}
    network.train()
    optimizer = torch.optim.Adam([w for w in network.parameters() if w.requires_grad], lr=0.1)
    old_tail = network.tail.denseblock4.denselayer1.conv1.weight.clone()
    network(pixels).sum().backward()
    optimizer.step()
    assert all(torch.equal(value, before[name]) for name, value in network.trunk.state_dict().items())
    assert all(weight.grad is None for weight in network.trunk.parameters())
    assert not torch.equal(network.tail.denseblock4.denselayer1.conv1.weight, old_tail)


def test_with_average_pooling_it_is_torchvisions_densenet(network, pixels):
    reference = densenet121(weights=None, num_classes=3).eval()
    state = {
        **{f"features.{n.removeprefix('features.')}": v for n, v in network.trunk.state_dict().items()},
        **{f"features.{n}": v for n, v in network.tail.state_dict().items() if not n.startswith("head")},
        "classifier.weight": network.tail.head.linear.weight,
        "classifier.bias": network.tail.head.linear.bias,
    }
    reference.load_state_dict(state)
    grey = pixels.float()[:, None].repeat(1, 3, 1, 1) / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (SMALL.mean, SMALL.std))
    with torch.inference_mode():
        ours, theirs = network.eval()(pixels), reference((grey - mean) / std)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_its_layers_are_torchvisions_to_the_bit_from_the_same_seed(training):
    made = []
    for make in (densenet121_features, lambda: densenet121(weights=None).features):
        torch.manual_seed(3)
        made.append(make().train(training))
    ours, theirs = (model.state_dict() for model in made)
    assert list(ours) == list(theirs)
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert [(name, str(part)) for name, part in made[0].named_modules() if not list(part.children())] == [
        (name, str(part)) for name, part in made[1].named_modules() if not list(part.children())
    ]
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(made[0](images), made[1](images))


def test_trunk_gives_512_channels_at_a_32nd_of_the_size(network, pixels):
    assert network.features(pixels).shape == (4, 512, 2, 2)


def test_the_seed_decides_the_weights_and_the_callers_random_state_is_left_alone():
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first, second = (build_network(3, HeadSpec(), SMALL, seed=1) for _ in range(2))
    other = build_network(3, HeadSpec(), SMALL, seed=2)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.tail.head.linear.weight, second.tail.head.linear.weight)
    assert not torch.equal(first.tail.head.linear.weight, other.tail.head.linear.weight)
