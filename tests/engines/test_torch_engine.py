"""The engine: the network's own logits, in any batch size."""

import numpy as np
import pytest
import torch

from cxrtune.engines.torch_engine import TorchEngine, first_outputs, to_scores
from cxrtune.models.densenet import build_network
from cxrtune.models.scoring import ScoringNet
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
    np.testing.assert_array_equal(first_outputs(TorchEngine(network), pixels, range(4)), expected)


def test_rows_come_back_in_the_order_asked_for_with_progress(network, pixels):
    steps = []
    rows = [39, 0, 7, *range(1, 35)]
    logits = first_outputs(TorchEngine(network), pixels, rows, steps.append)
    assert logits.shape == (37, 3)
    assert sum(steps) == 37
    one = first_outputs(TorchEngine(network), pixels, [39])
    np.testing.assert_allclose(logits[0], one[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
def test_scores_of_the_whole_pass_are_the_networks_own_to_the_bit(network, pixels, flip):
    """A training chooses its thresholds, and a cohort is scored, on just these logits."""
    found = first_outputs(TorchEngine(ScoringNet(network, None, flip=flip)), pixels, range(20))
    with torch.inference_mode():
        for start in range(0, 20, 8):
            batch = torch.from_numpy(pixels[start : min(start + 8, 20)])
            expected = network.eval()(batch)
            if flip:
                expected = (expected + network(batch.flip(-1))) / 2
            np.testing.assert_array_equal(found[start : start + 8], expected.numpy())


def test_apart_an_image_alone_gives_the_bytes_that_it_gives_among_others(network, pixels):
    engine = TorchEngine(ScoringNet(network, None), apart=True)
    together = list(engine.stream(pixels[:10]))
    for number in (0, 3, 9):
        for one, several in zip(next(engine.stream(pixels[[number]])), together[number], strict=True):
            np.testing.assert_array_equal(one, several)


def test_apart_an_image_is_run_by_one_thread_and_the_process_keeps_its_number():
    seen = []

    class Counting(torch.nn.Linear):
        def forward(self, pixels):
            seen.append(torch.get_num_threads())
            return pixels.float().sum((1, 2))

    before = torch.get_num_threads()
    found = list(TorchEngine(Counting(1, 1), apart=True, at_once=3).stream(np.ones((9, 4, 4), np.uint8)))
    assert [float(outputs[0]) for outputs in found] == [16.0] * 9
    assert set(seen) == {1}
    assert torch.get_num_threads() == before


def test_outputs_keep_their_type():
    """The feature bank's network gives float16, which is written as it comes."""

    class Half(torch.nn.Linear):
        def forward(self, pixels):
            return pixels.half()

    image = np.ones((2, 4, 4), np.uint8)
    assert next(TorchEngine(Half(1, 1)).stream(image))[0].dtype == np.float16


def test_probabilities_are_the_logistic_function():
    logits = np.array([[0.0, 100.0, -100.0, 2.0]], dtype=np.float32)
    np.testing.assert_allclose(to_scores(logits), [[0.5, 1.0, 0.0, 1 / (1 + np.exp(-2))]], atol=1e-7)
