"""Evidence maps enlarged and laid over the radiograph, by hand-made maps."""

import cv2
import numpy as np
import pytest

from cxrtune.recipe import PreprocessSpec
from cxrtune.scoring.heatmap import enlarged, heat, overlay, to_png

CORNER = np.array([[4, 0], [0, 0]], dtype=np.float32)


def test_stretch_covers_the_whole_image():
    found = enlarged(CORNER, (40, 80), PreprocessSpec())
    assert found.shape == (40, 80)
    assert found[0, 0] == 4
    assert found[-1, -1] == 0
    # Half-way between the centres of two places lies their mean.
    assert found[0, 39:41].mean() == pytest.approx(2)


@pytest.mark.parametrize("shape", [(40, 80), (80, 40), (41, 80), (64, 64)])
@pytest.mark.parametrize("resize", ["pad", "crop"])
def test_pad_and_crop_are_undone(shape, resize):
    """What the network saw of the image comes to lie where it is in the image."""
    from cxrtune.images.preprocess import to_packed
    from cxrtune.images.radiograph import Radiograph

    spec = PreprocessSpec(size=32, resize=resize)
    pixels = np.zeros(shape, dtype=np.uint8)
    middle = (shape[0] // 2, shape[1] // 2)
    pixels[middle[0] - 8 : middle[0] - 2, middle[1] + 2 : middle[1] + 8] = 255
    seen = to_packed(Radiograph(pixels), spec).astype(np.float32)
    back = enlarged(seen, shape, spec)
    assert back.shape == shape
    inside = back[pixels == 255].mean()
    assert inside > 150
    assert back[pixels == 0].mean() < 10


def test_heat_is_what_speaks_for_a_finding_scaled_to_its_strongest_place():
    evidence = np.array([[-3, 0], [1, 2]], dtype=np.float32)
    found = heat(evidence, (64, 64), PreprocessSpec())
    assert found.min() == 0
    assert found.max() == 1
    assert found[0, 0] == 0
    assert not heat(-np.abs(evidence), (64, 64), PreprocessSpec()).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_where_there_is_no_heat_the_radiograph_is_unchanged(dtype):
    white = np.iinfo(dtype).max
    pixels = np.linspace(0, white, 64 * 64).astype(dtype).reshape(64, 64)
    warmth = np.zeros((64, 64), np.float32)
    warmth[:32] = 1
    found = overlay(pixels, warmth)
    grey = np.rint(pixels.astype(float) / white * 255)
    np.testing.assert_allclose(found[32:], np.repeat(grey[32:, :, None], 3, axis=2), atol=1)
    assert (np.ptp(found[:32].astype(int), axis=2) > 20).all()


def test_png_keeps_red_red():
    image = np.zeros((4, 4, 3), np.uint8)
    image[..., 0] = 200
    back = cv2.imdecode(np.frombuffer(to_png(image), np.uint8), cv2.IMREAD_COLOR)
    assert back[0, 0].tolist() == [0, 0, 200]  # OpenCV's order is blue, green, red
