"""Radiograph -> packed image, against averages over areas and interpolation written out as matrices."""

import numpy as np
import pytest

from cxrtune.images.preprocess import normalisation, to_packed
from cxrtune.images.radiograph import Radiograph
from cxrtune.recipe import PreprocessSpec
from nih_folder import image_of

SIZE = 32


def averaging(old: int, new: int) -> np.ndarray:
    """Matrix (new, old): each new pixel is the mean over the stretch of old ones that it covers."""
    edges = np.arange(new + 1) * old / new
    left = np.maximum(edges[:-1, None], np.arange(old))
    right = np.minimum(edges[1:, None], np.arange(old) + 1)
    return np.clip(right - left, 0, None) * new / old


def interpolating(old: int, new: int) -> np.ndarray:
    """Matrix (new, old): linear between the centres of pixels, the border's value beyond."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    low = np.minimum(place.astype(int), max(old - 2, 0))
    matrix = np.zeros((new, old))
    matrix[np.arange(new), low] = 1 - (place - low)
    if old > 1:
        matrix[np.arange(new), low + 1] += place - low
    return matrix


def resized(pixels: np.ndarray) -> np.ndarray:
    rows, columns = ((averaging if old >= SIZE else interpolating)(old, SIZE) for old in pixels.shape)
    return rows @ pixels @ columns.T


def squared(pixels: np.ndarray, rule: str) -> np.ndarray:
    height, width = pixels.shape
    if rule == "stretch":
        return pixels
    if rule == "pad":
        side = max(height, width)
        black = np.zeros((side, side))
        top, left = (side - height) // 2, (side - width) // 2
        black[top : top + height, left : left + width] = pixels
        return black
    side = min(height, width)
    return pixels[(height - side) // 2 :, (width - side) // 2 :][:side, :side]


@pytest.mark.parametrize("rule", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("factors", [(1, 1), (2, 2), (7, 7), (4, 3), (2, 6)])
def test_whole_factors_are_means_of_blocks(rule, factors):
    pixels = image_of(20, 256)[: SIZE * factors[0], : SIZE * factors[1]]
    square = squared(pixels, rule)
    height, width = square.shape
    means = square.reshape(SIZE, height // SIZE, SIZE, width // SIZE).mean(axis=(1, 3))
    found = to_packed(Radiograph(pixels), PreprocessSpec(size=SIZE, resize=rule))
    assert found.dtype == np.uint8
    assert np.abs(found - means).max() <= 0.501


@pytest.mark.parametrize("rule", ["stretch", "pad", "crop"])
@pytest.mark.parametrize(
    "shape",
    [(100, 100), (101, 67), (33, 250), (20, 20), (9, 31), (40, 20), (20, 40), (1, 1), (1, 90), (255, 1)],
)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_any_shape_is_averaged_where_it_shrinks_and_interpolated_where_it_grows(rule, shape, kind):
    pixels = image_of(21, 256)[: shape[0], : shape[1]].astype(kind) * (257 if kind is np.uint16 else 1)
    wanted = resized(squared(pixels.astype(float), rule)) * 255 / np.iinfo(kind).max
    found = to_packed(Radiograph(pixels), PreprocessSpec(size=SIZE, resize=rule))
    assert found.shape == (SIZE, SIZE)
    assert found.dtype == (np.uint8 if kind is np.uint8 else np.float16)
    # Two roundings where one axis shrinks and the other grows; OpenCV interpolates with 11 binary places.
    assert np.abs(found - wanted).max() <= 1.1


def test_no_detail_is_skipped_where_only_one_axis_shrinks():
    stripes = np.zeros((400, 20), np.uint8)
    stripes[::2] = 255  # finer than the new pixels: their mean is grey, and must not beat with the grid
    found = to_packed(Radiograph(stripes), PreprocessSpec(size=SIZE))
    assert np.ptp(found) <= 25
    assert abs(found.mean() - 127.5) < 2


@pytest.mark.parametrize("rule", ["stretch", "pad", "crop"])
def test_the_rules_agree_on_square_images(rule):
    pixels = image_of(22, 100)
    stretched = to_packed(Radiograph(pixels), PreprocessSpec(size=64))
    found = to_packed(Radiograph(pixels), PreprocessSpec(size=64, resize=rule))
    np.testing.assert_array_equal(found, stretched)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [32, 64, 224])
def test_black_stays_black_and_white_stays_white(kind, size):
    for level, wanted in ((0, 0), (np.iinfo(kind).max, 255)):
        pixels = np.full((150, 90), level, kind)
        assert (to_packed(Radiograph(pixels), PreprocessSpec(size=size)) == wanted).all()


def test_the_image_that_was_given_is_not_changed():
    pixels = image_of(23, SIZE)
    before = pixels.copy()
    packed = to_packed(Radiograph(pixels), PreprocessSpec(size=SIZE))
    packed[:] = 0
    np.testing.assert_array_equal(pixels, before)


def test_normalisation_is_that_of_the_published_weights():
    scale, offset = normalisation(PreprocessSpec())
    pixels = np.arange(256)[:, None]
    # What torchvision's ImageNet weights ask for: grey in [0, 1], minus the mean, by the deviation.
    wanted = (pixels / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    assert scale.dtype == offset.dtype == np.float32
    np.testing.assert_allclose(pixels * scale + offset, wanted, atol=2e-6)
