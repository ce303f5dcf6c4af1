"""The engine: the network's own logits, in any batch size."""

import numpy as np
import pytest
import torch

from cxrtune.inference.engine import TorchEngine, probabilities
from cxrtune.models.densenet import build_network
from cxrtune.recipe import HeadSpec, PreprocessSpec


@pytest.fixture(scope="module")
def network():
    return build_network(3, HeadSpec(), PreprocessSpec(size=64), seed=0)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (40, 64, 64), dtype=np.uint8)


def test_logits_are_the_networks(network, pixels):
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(pixels[:4])).numpy()
    np.testing.assert_array_equal(TorchEngine(network).logits(pixels[:4]), expected)


def test_rows_come_back_in_the_order_asked_for_with_progress(network, pixels):
    steps = []
    rows = [39, 0, 7, *range(1, 35)]
    logits = TorchEngine(network).logits_of_rows(pixels, rows, steps.append)
    assert logits.shape == (37, 3)
    assert sum(steps) == 37
    one = TorchEngine(network).logits(pixels[39:40])
    np.testing.assert_allclose(logits[0], one[0], rtol=1e-4, atol=1e-5)


def test_probabilities_are_the_logistic_function():
    logits = np.array([[0.0, 100.0, -100.0, 2.0]], dtype=np.float32)
    np.testing.assert_allclose(probabilities(logits), [[0.5, 1.0, 0.0, 1 / (1 + np.exp(-2))]], atol=1e-7)
