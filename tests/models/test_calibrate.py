"""Batch-norm statistics of a random trunk."""

import numpy as np
import torch

from cxrtune.models.densenet import build_network
from cxrtune.recipe import HeadSpec, PreprocessSpec
from cxrtune.training.start import calibrate_trunk


def make_network():
    return build_network(2, HeadSpec(), PreprocessSpec(size=64), seed=0)


def images(count):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (count, 64, 64), dtype=np.uint8))


def test_first_batch_norm_gets_the_statistics_of_what_it_sees():
    network, pixels = make_network(), images(16)
    calibrate_trunk(network, pixels, batch_size=16)
    grey = pixels.unsqueeze(1).float() * network.scale + network.offset
    seen = network.trunk.features.conv0(grey)
    norm = network.trunk.features.norm0
    torch.testing.assert_close(norm.running_mean, seen.mean(dim=(0, 2, 3)), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(norm.running_var, seen.var(dim=(0, 2, 3)), rtol=1e-3, atol=1e-3)


def test_several_batches_count_alike():
    network, pixels = make_network(), images(16)
    calibrate_trunk(network, pixels, batch_size=8)
    first, second = make_network(), make_network()
    calibrate_trunk(first, pixels[:8], batch_size=8)
    calibrate_trunk(second, pixels[8:], batch_size=8)
    mean = (first.trunk.features.norm0.running_mean + second.trunk.features.norm0.running_mean) / 2
    torch.testing.assert_close(network.trunk.features.norm0.running_mean, mean)


def test_trunk_is_frozen_again_afterwards():
    network = make_network()
    calibrate_trunk(network, images(4))
    assert not any(module.training for module in network.trunk.modules())
    state = {name: value.clone() for name, value in network.trunk.state_dict().items()}
    network.train()(images(4))
    assert all(torch.equal(value, state[name]) for name, value in network.trunk.state_dict().items())
