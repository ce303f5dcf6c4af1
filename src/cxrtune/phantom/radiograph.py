"""Draw one synthetic radiograph with the boxes of its visible findings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cxrtune.phantom.accessories import collimate, draw_gas, draw_leads, exposed_part, stamp_marker
from cxrtune.phantom.chest import Anatomy, Chest, anatomy_of, water_depth
from cxrtune.phantom.detector import add_noise, detected_signal, display, equalise, window_of
from cxrtune.phantom.lungs import draw_lungs, draw_pleural_space, draw_vessels
from cxrtune.phantom.mediastinum import draw_airways, draw_mediastinum
from cxrtune.phantom.pathology import PATHOLOGIES
from cxrtune.phantom.skeleton import draw_skeleton
from cxrtune.phantom.spec import PHANTOM_FINDINGS, PhantomSpec
from cxrtune.phantom.torso import draw_torso
from cxrtune.phantom.view import Map, View, layered_noise

VISIBLE_SHARE = 0.25
"""The box of a finding contains all pixels with at least this strength, relative to the maximum."""


@dataclass(frozen=True)
class FindingBox:
    """Bounding box of one instance of a finding.

    Attributes:
        finding: One of `PHANTOM_FINDINGS`.
        x: Left edge, pixels.
        y: Upper edge, pixels.
        width: Pixels, at least 1.
        height: Pixels, at least 1.
    """

    finding: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Phantom:
    """A synthetic radiograph.

    Attributes:
        pixels: uint8, (S, S), grey levels 0 (open beam) to 255.
        findings: The visible findings, in the order of `PHANTOM_FINDINGS`, without duplicates.
        boxes: One box for each instance of a finding.
    """

    pixels: npt.NDArray[np.uint8]
    findings: tuple[str, ...]
    boxes: tuple[FindingBox, ...]


def draw_phantom(spec: PhantomSpec) -> Phantom:
    """Draw a radiograph; the same spec gives the same pixels.

    Args:
        spec: The patient, the examination, the lesions and the image's size.

    Returns:
        The radiograph with its findings and boxes.
    """
    exposure = spec.exposure
    chest = draw_chest(spec)
    view = chest.view
    shadows = [PATHOLOGIES[lesion.finding].draw(lesion, chest) for lesion in spec.lesions]
    bones = chest.bones + draw_leads(view, exposure)
    signal = detected_signal(water_depth(chest, shadows), bones, exposure, view.scale)
    healthy = signal
    if shadows:
        healthy = detected_signal(water_depth(chest, ()), bones, exposure, view.scale)
    window = window_of(equalise(healthy, exposure, view.scale), chest.lungs, exposure)
    noisy = add_noise(signal, exposure, view.scale, np.random.default_rng([exposure.seed, 31]))
    pixels = display(equalise(noisy, exposure, view.scale), window, exposure)
    stamp_marker(pixels, view, exposure)
    collimate(pixels, view, exposure)
    present = {lesion.finding for lesion in spec.lesions}
    exposed = exposed_part(view, exposure)
    boxes = tuple(
        _box(lesion.finding, shadow.weight, exposed)
        for lesion, shadow in zip(spec.lesions, shadows, strict=True)
    )
    return Phantom(pixels, tuple(name for name in PHANTOM_FINDINGS if name in present), boxes)


def draw_chest(spec: PhantomSpec) -> Chest:
    """Draw the layers of a chest, with volume loss and shifts but without opacities."""
    physique, exposure = spec.physique, spec.exposure
    view = View(
        spec.size, exposure.field_of_view, exposure.shift, np.radians(exposure.tilt), np.radians(exposure.yaw)
    )
    anatomy = _distorted(spec)
    lungs = draw_lungs(draw_pleural_space(view, anatomy), draw_mediastinum(view, physique, anatomy))
    grain = ((16, 0.05), (34, 0.06), (70, 0.06), (130, 0.04))
    return Chest(
        spec=spec,
        view=view,
        anatomy=anatomy,
        body=draw_torso(view, physique, exposure, anatomy),
        lungs=lungs,
        airways=draw_airways(view, physique, anatomy),
        gas=draw_gas(view, exposure, anatomy),
        vessels=draw_vessels(view, physique, anatomy),
        bones=draw_skeleton(view, physique, exposure, anatomy),
        texture=layered_noise(np.random.default_rng([physique.seed, 32]), spec.size, grain),
    )


def _distorted(spec: PhantomSpec) -> Anatomy:
    anatomy = anatomy_of(spec.physique, spec.exposure)
    for lesion in spec.lesions:
        shift = PATHOLOGIES[lesion.finding].shift
        if shift is None:
            continue
        moved = shift(lesion)
        right, left = anatomy.dome
        raised = (right - moved.dome_rise, left) if lesion.side < 0 else (right, left - moved.dome_rise)
        anatomy = replace(
            anatomy,
            dome=raised,
            mediastinal_shift=anatomy.mediastinal_shift + lesion.side * moved.mediastinum,
        )
    return anatomy


def _box(finding: str, weight: Map, exposed: tuple[slice, slice]) -> FindingBox:
    seen = weight > VISIBLE_SHARE * max(float(weight.max()), 1e-6)
    unmasked = np.zeros_like(seen)
    unmasked[exposed] = seen[exposed]
    # A lesion that is completely collimated keeps the box of its position.
    seen = unmasked if unmasked.any() else seen
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return FindingBox(finding, 0, 0, 1, 1)
    left, top = int(columns[0]), int(rows[0])
    return FindingBox(finding, left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
