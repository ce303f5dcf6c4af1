"""The gate's arithmetic against plain NumPy, and what a fit promises."""

import copy

import numpy as np
import pytest
import torch

from cxrtune.engines.convert import to_openvino
from cxrtune.engines.openvino_engine import OpenVinoEngine
from cxrtune.models.description import DISTANCES, POSES, UPRIGHT
from cxrtune.models.gate import Gate, Subspace, log_surprise, posed
from cxrtune.training.gate import GateImages, fit_gate, step_count


def drawn(count, seed=0):
    """A bright corner and a dark bar on grey, so that every pose differs from all others."""
    random = np.random.default_rng(seed)
    shade = np.full((64, 64), 110.0)
    shade[6:24, 6:24] = 230
    shade[44:54, 8:50] = 20
    noise = random.normal(0, 8, (count, 1, 1)) + random.normal(0, 6, (count, 64, 64))
    return torch.from_numpy(np.clip(shade + noise, 0, 255).astype(np.uint8))


def images(gate, pixels, seed=0):
    pooled = torch.randn(len(pixels), 512, generator=torch.Generator().manual_seed(seed))
    return GateImages(gate.thumbnails(pixels), pooled)


@pytest.fixture(scope="module")
def fitted():
    gate = Gate(64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cxrtune.training.gate._MOST_STEPS", 50)  # enough for images as plain as these
        info = fit_gate(gate, images(gate, drawn(300)), images(gate, drawn(100, 1), 1), seed=3)
    return gate, info


def test_with_all_components_the_distance_is_mahalanobis():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(200, 4)) @ random.normal(size=(4, 4)) + 5
    space = Subspace(4, 4)
    space.fit(torch.from_numpy(vectors).float(), scale=True)
    asked = random.normal(size=(10, 4)) + 4
    covariance = np.cov(vectors.T, bias=True)
    off = asked - vectors.mean(axis=0)
    expected = np.einsum("ni,ij,nj->n", off, np.linalg.inv(covariance), off)
    # The scale is the sample's standard deviation, the variances are those of the population.
    found = space(torch.from_numpy(asked).float()).exp().numpy().ravel()
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_what_is_left_outside_the_components_is_in_units_of_its_own_variance():
    random = np.random.default_rng(1)
    vectors = random.normal(size=(5000, 6)) * np.array([10, 8, 1, 1, 1, 1])
    space = Subspace(6, 2)
    space.fit(torch.from_numpy(vectors).float(), scale=False)
    mean = float(space(torch.from_numpy(vectors).float()).exp().mean())
    assert mean == pytest.approx(6, rel=0.02)  # one for each direction


def test_what_is_left_is_not_lost_beside_components_that_are_a_million_times_larger():
    random = np.random.default_rng(2)
    deviations = np.where(np.arange(40) < 3, 10.0, 0.01)
    turned = np.linalg.qr(random.normal(size=(40, 40)))[0]
    vectors = torch.from_numpy((random.normal(size=(500, 40)) * deviations) @ turned).float()
    space = Subspace(40, 3)
    space.fit(vectors, scale=False)
    exact = copy.deepcopy(space).double()(vectors.double())
    # An entry of about 5 is rounded by 2**-22 of itself, 1e-4 of 0.01; a square by twice that.
    np.testing.assert_allclose(space(vectors).exp(), exact.exp(), rtol=1e-3)


def test_few_vectors_do_not_make_a_subspace_of_chance():
    space = Subspace(512, 50)
    space.fit(torch.randn(9, 512, generator=torch.Generator().manual_seed(0)), scale=True)
    assert int((space.axes.abs().sum(dim=1) > 0).sum()) == 3


def test_poses_are_what_their_names_say():
    image = torch.rand(1, 1, 6, 6) - 0.5
    for number, name in enumerate(POSES):
        expected = image[0, 0].numpy()
        if "inverted" in name:
            expected = -expected
        if "mirrored" in name:
            expected = expected[:, ::-1]
        turns = next((quarter for quarter in (1, 2, 3) if f"by {90 * quarter} " in name), 0)
        expected = np.rot90(expected, turns)
        np.testing.assert_array_equal(posed(image, torch.tensor([number]))[0, 0].numpy(), expected)
    assert POSES[UPRIGHT] == "upright"
    assert len(set(POSES)) == 16


def test_how_upright_an_image_is_has_no_rounding_of_one_less_a_little():
    class Surprise(torch.nn.Module):
        def forward(self, odds):
            return log_surprise(odds)

    odds = np.linspace(-15, 30, 64 * 64, dtype=np.float32).reshape(64, 64)
    expected = np.log(np.logaddexp(0, np.maximum(odds.astype(np.float64), -13.8)))
    (converted,) = next(OpenVinoEngine(to_openvino(Surprise(), 64), "float32").stream([odds]))
    for found in (log_surprise(torch.from_numpy(odds)).numpy(), converted):
        # Odds of -13.8 are rounded by 2**-21; an engine that adds exp(-4) to 1 is off by 2**-24 of 0.018.
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_the_same_seed_gives_the_same_gate_and_leaves_the_random_state_alone(monkeypatch):
    monkeypatch.setattr("cxrtune.training.gate._MOST_STEPS", 10)
    states = []
    for _ in range(2):
        gate, before = Gate(64), torch.get_rng_state()
        fit_gate(gate, images(gate, drawn(30)), images(gate, drawn(30, 1), 1), seed=3)
        assert torch.equal(before, torch.get_rng_state())
        states.append(gate.state_dict())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_one_in_a_hundred_validation_images_is_above_the_threshold(fitted):
    gate, info = fitted
    distances, _ = gate.raw(*vars(images(gate, drawn(100, 1), 1)).values())
    ood_score = (distances - gate.centre) / gate.reach
    assert int((ood_score.amax(dim=1) > info.threshold).sum()) == 1
    assert (info.fitted_on, info.chosen_on) == (300, 100)
    assert ood_score.median(dim=0).values.abs().max() < 1e-5


def test_turned_mirrored_and_inverted_images_are_told(fitted):
    gate, info = fitted
    upright = gate.thumbnails(drawn(20, 7))
    for number in range(1, len(POSES)):
        turned = posed(upright.clone(), torch.full((20,), number))
        distances, pose = gate.raw(turned, torch.zeros(20, 512))
        ood_score = ((distances - gate.centre) / gate.reach)[:, DISTANCES.index("pose")]
        assert (ood_score > info.threshold).all(), POSES[number]
        assert (pose.argmax(dim=1) == number).float().mean() > 0.9, POSES[number]


def test_the_pose_network_learns_a_step_an_image_within_bounds():
    assert [step_count(n) for n in (10, 700, 10**6)] == [100, 700, 1200]
