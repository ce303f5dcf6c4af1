"""A single synthetic radiograph: its grey levels, its lesions and their boxes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cxrtune.phantom import LEFT, PHANTOM_FINDINGS, RIGHT, Lesion, draw_phantom
from cxrtune.phantom.radiograph import draw_chest


def _inside(box, size):
    mask = np.zeros((size, size), dtype=bool)
    mask[box.y : box.y + box.height, box.x : box.x + box.width] = True
    return mask


@pytest.mark.parametrize("size", [64, 200, 1024])
def test_image_has_the_size_asked_for(chest_with, size):
    phantom = draw_phantom(chest_with(Lesion("Mass", LEFT, 0.5, 1), size=size))

    assert phantom.pixels.shape == (size, size)
    assert phantom.pixels.dtype == np.uint8
    assert phantom.findings == ("Mass",)


def test_structures_scale_with_the_size(chest_with):
    small, large = (draw_phantom(chest_with(size=size)).pixels for size in (128, 512))

    reduced = cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA)
    likeness = np.corrcoef(small.ravel().astype(float), reduced.ravel().astype(float))[0, 1]
    assert likeness > 0.98


def test_same_spec_gives_the_same_pixels(chest_with):
    spec = chest_with(Lesion("Consolidation", RIGHT, 0.6, 9))

    assert np.array_equal(draw_phantom(spec).pixels, draw_phantom(spec).pixels)


def test_lungs_are_darker_than_the_mediastinum_and_the_air_outside_is_black(chest_with):
    spec = chest_with()
    chest, pixels = draw_chest(spec), draw_phantom(spec).pixels

    lungs = pixels[chest.lungs > 6].mean()
    solid = pixels[(chest.lungs < 0.1) & (chest.body > 18)].mean()
    assert lungs + 60 < solid
    assert pixels[chest.body < 0.3].max() < 40


def test_healthy_chest_has_no_finding_and_no_box(chest_with):
    phantom = draw_phantom(chest_with())

    assert phantom.findings == ()
    assert phantom.boxes == ()


@pytest.mark.parametrize("side", [RIGHT, LEFT])
@pytest.mark.parametrize("finding", PHANTOM_FINDINGS)
def test_box_holds_what_the_lesion_changed(chest_with, finding, side):
    spec = chest_with(Lesion(finding, side, 0.5, 4))
    diseased, healthy = draw_phantom(spec), draw_phantom(chest_with())

    (box,) = diseased.boxes
    inside = _inside(box, spec.size)
    change = np.abs(diseased.pixels.astype(float) - healthy.pixels.astype(float))
    assert box.finding == finding
    # Volume loss and tension move the anatomy outside the box as well, hence not more than this.
    assert change[inside].mean() > 2.5 * change[~inside].mean()
    assert change[inside].mean() > 3


@pytest.mark.parametrize("finding", ["Mass", "Nodule", "Consolidation", "Infiltration", "Pleural_Thickening"])
def test_lesion_that_moves_nothing_changes_little_outside_its_box(chest_with, finding):
    spec = chest_with(Lesion(finding, LEFT, 0.7, 6))
    diseased, healthy = draw_phantom(spec), draw_phantom(chest_with())

    change = np.abs(diseased.pixels.astype(float) - healthy.pixels.astype(float))
    inside = _inside(diseased.boxes[0], spec.size)
    assert change[inside].mean() > 8 * change[~inside].mean()


@pytest.mark.parametrize("finding", PHANTOM_FINDINGS)
def test_lesion_lies_on_its_own_side(chest_with, finding):
    for side in (RIGHT, LEFT):
        spec = chest_with(Lesion(finding, side, 0.6, 8))
        (box,) = draw_phantom(spec).boxes
        x, _ = draw_chest(spec).view.grid
        assert x[_inside(box, spec.size)].mean() * side > 0


def test_pneumothorax_darkens_and_effusion_whitens(chest_with):
    healthy = draw_phantom(chest_with()).pixels.astype(float)
    for finding, sign in (("Pneumothorax", -1), ("Effusion", 1)):
        phantom = draw_phantom(chest_with(Lesion(finding, LEFT, 0.8, 2)))
        inside = _inside(phantom.boxes[0], 192)
        assert sign * (phantom.pixels.astype(float) - healthy)[inside].mean() > 0


def test_lobar_collapse_raises_the_diaphragm(chest_with):
    collapsed = draw_chest(chest_with(Lesion("Atelectasis", RIGHT, 0.9, 3)))

    assert collapsed.anatomy.dome[0] < draw_chest(chest_with()).anatomy.dome[0]
    assert collapsed.anatomy.dome[1] == draw_chest(chest_with()).anatomy.dome[1]
