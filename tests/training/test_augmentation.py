"""Augmented views: within their limits, repeatable, and drawn as OpenCV and torchvision would."""

import math

import numpy as np
import pytest
import torch
from torchvision.transforms.functional import InterpolationMode, affine

from cxrtune.recipe import AugmentationSpec
from cxrtune.training.augmentation import affine_matrix, sampling_matrix, view_of, warped

SPEC = AugmentationSpec()
NONE = AugmentationSpec(rotation=0, shift=0, scale=(1, 1), shear=0, flip=0)


@pytest.fixture
def image():
    y, x = np.mgrid[:96, :96]
    return (127 + 60 * np.sin(x / 9) + 60 * np.cos(y / 7)).astype(np.uint8)


def drawn(count=400, spec=SPEC, size=224):
    return [affine_matrix(spec, size, seed=0, row=row, view=1) for row in range(count)]


def test_view_0_is_the_image_itself(image):
    assert view_of(image, SPEC, seed=0, row=3, view=0) is image


def test_a_view_depends_on_seed_row_and_number_only(image):
    first = view_of(image, SPEC, seed=0, row=3, view=1)
    assert np.array_equal(first, view_of(image, SPEC, seed=0, row=3, view=1))
    for seed, row, view in ((1, 3, 1), (0, 4, 1), (0, 3, 2)):
        assert not np.array_equal(first, view_of(image, SPEC, seed=seed, row=row, view=view))


def test_the_reference_recipes_limits_are_kept_and_reached():
    linear = np.array([matrix[:2, :2] for matrix in drawn()])
    areas = np.abs(np.linalg.det(linear))
    scale = np.sqrt(areas)
    assert 0.95 <= scale.min() < 0.96
    assert 1.04 < scale.max() <= 1.05
    flipped = np.linalg.det(linear) < 0
    assert 0.4 < flipped.mean() < 0.6
    # The first column is where x goes: its direction is the rotation, mirrored where flipped.
    direction = linear[:, :, 0] * np.where(flipped, -1, 1)[:, None]
    angles = np.degrees(np.arctan2(direction[:, 1], direction[:, 0]))
    assert 4.5 < np.abs(angles).max() <= 5.0 + 1e-9
    # In the rotated frame the second column leans by the shear.
    upright = [
        np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]]) @ m
        for a, m in zip(np.radians(angles), linear, strict=True)
    ]
    shears = np.degrees([math.atan2(m[0, 1], m[1, 1]) for m in upright])
    assert 4.5 < np.abs(shears).max() <= 5.0 + 1e-9


def test_the_centre_moves_by_the_shift_only():
    size = 224
    centre = np.array([(size - 1) / 2, (size - 1) / 2, 1])
    moved = np.array([(matrix @ centre - centre)[:2] for matrix in drawn(size=size)])
    assert 0.019 * size < np.abs(moved).max() <= 0.02 * size


def test_flip_alone_mirrors_the_image_exactly(image):
    spec = NONE.model_copy(update={"flip": 1.0})
    assert np.array_equal(view_of(image, spec, seed=0, row=0, view=1), image[:, ::-1])


def test_nothing_allowed_changes_nothing(image):
    assert np.array_equal(view_of(image, NONE, seed=0, row=0, view=1), image)


def test_rotation_and_scale_agree_with_torchvision(image):
    spec = NONE.model_copy(update={"rotation": 5.0, "scale": (1.05, 1.05)})
    matrix = affine_matrix(spec, 96, seed=0, row=0, view=1)
    angle = math.degrees(math.atan2(matrix[1, 0], matrix[0, 0]))
    theirs = affine(
        torch.from_numpy(image)[None].float(),
        angle=angle,
        translate=[0, 0],
        scale=1.05,
        shear=[0.0, 0.0],
        interpolation=InterpolationMode.BILINEAR,
    )[0].numpy()
    ours = view_of(image, spec, seed=0, row=0, view=1).astype(float)
    assert np.abs(ours - theirs)[8:-8, 8:-8].max() < 3


def test_what_the_image_does_not_cover_is_black():
    spec = NONE.model_copy(update={"shift": 0.2})
    view = view_of(np.full((64, 64), 200, np.uint8), spec, seed=0, row=1, view=1)
    assert set(np.unique(view[[0, -1]][:, [0, -1]])) <= set(range(201))
    assert (view == 0).any()


@pytest.mark.parametrize("row", range(6))
def test_the_device_draws_the_same_views_as_the_bank(image, row):
    drawn = {"seed": 0, "row": row, "view": 2}
    matrix = torch.from_numpy(sampling_matrix(SPEC, 96, **drawn))[None]
    ours = warped(torch.from_numpy(image)[None], matrix)[0].numpy()
    assert np.abs(ours - view_of(image, SPEC, **drawn))[6:-6, 6:-6].max() < 1.5


def test_the_device_leaves_an_image_alone_when_nothing_is_allowed(image):
    matrix = torch.from_numpy(sampling_matrix(NONE, 96, seed=0, row=0, view=1))[None]
    np.testing.assert_allclose(warped(torch.from_numpy(image)[None], matrix)[0], image, atol=1e-2)
