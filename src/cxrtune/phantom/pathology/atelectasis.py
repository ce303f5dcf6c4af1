"""Collapse of lung: plates above the diaphragm, or a lobe that shrinks and draws its neighbours along."""

from __future__ import annotations

import numpy as np

from cxrtune.phantom.chest import Chest, Shadow
from cxrtune.phantom.pathology.kind import Shift, between, smooth_step
from cxrtune.phantom.spec import Lesion
from cxrtune.phantom.texture import layered_noise
from cxrtune.phantom.view import Map


def is_lobar(lesion: Lesion) -> bool:
    """Tell whether a lobe has collapsed; otherwise the lesion is plate-like."""
    return bool(np.random.default_rng([lesion.seed, 45]).random() < 0.5)


def atelectasis_shift(lesion: Lesion) -> Shift:
    """Return the volume loss: the dome rises and the mediastinum moves towards the lesion."""
    if is_lobar(lesion):
        return Shift(between(0.8, 2.4, lesion.severity), between(0.3, 1.3, lesion.severity))
    return Shift(between(0.5, 1.8, lesion.severity), between(0.0, 0.4, lesion.severity))


def draw_atelectasis(lesion: Lesion, chest: Chest) -> Shadow:
    """Add plate-like bands or a wedge-shaped lobar opacity."""
    rng = np.random.default_rng([lesion.seed, 46])
    lung = chest.lung(lesion.side)
    share = _lobe(lesion, chest, rng) if is_lobar(lesion) else _plates(lesion, chest, rng)
    filling = np.asarray(np.clip(share, 0, 0.92) * chest.presence(lesion.side), dtype=np.float32)
    return Shadow(weight=filling * np.minimum(lung, np.float32(6)), filling=filling)


def _plates(lesion: Lesion, chest: Chest, rng: np.random.Generator) -> Map:
    x, y = chest.view.grid
    anatomy, side = chest.anatomy, lesion.side
    total = np.zeros_like(x)
    wobble = layered_noise(rng, chest.view.size, ((9, 0.12), (22, 0.06)))
    for number in range(1 + int(rng.random() < 0.3 + 0.4 * lesion.severity)):
        height = anatomy.dome_of(side) - rng.uniform(0.7, 3.4) - 1.6 * number
        middle = side * rng.uniform(0.42, 0.7) * float(anatomy.half_width(height))
        half_length = between(2.4, 5.0, lesion.severity) * rng.uniform(0.85, 1.15)
        half_thickness = between(0.18, 0.42, lesion.severity)
        slope = -side * rng.uniform(-0.12, 0.28)
        dx = x - np.float32(middle)
        bow = np.float32(rng.normal(0, 0.012)) * dx * dx
        away = y - np.float32(height) - np.float32(slope) * dx - bow + wobble
        ends = smooth_step(np.float32(half_length) - np.abs(dx), 2.0)
        band = np.exp(-((away / (np.float32(half_thickness) * (0.45 + 0.55 * ends))) ** 2)) * ends
        total += np.float32(between(0.35, 0.7, lesion.severity)) * band
        # Lung around a plate is poorly aired.
        total += np.float32(0.07) * np.exp(-((away / np.float32(1.3)) ** 2)) * ends
    return total


def _lobe(lesion: Lesion, chest: Chest, rng: np.random.Generator) -> Map:
    x, y = chest.view.grid
    anatomy, side = chest.anatomy, lesion.side
    outward = (x - np.float32(anatomy.mediastinal_shift)) * np.float32(side)
    if rng.random() < 0.35:
        # An upper lobe folds up against the mediastinum; its fissure bows upwards as it rises.
        level = anatomy.carina + between(1.5, -0.5, lesion.severity)
        border = np.float32(level) - np.float32(0.055) * np.clip(outward - 3, 0, None) ** 2
        region = smooth_step(border - y, 0.5)
        strength = between(0.45, 0.8, lesion.severity)
    else:
        # A lower lobe sinks to a triangle beside the spine, behind the heart on the left.
        hilum = anatomy.carina + 3.5
        floor = anatomy.dome_of(side) + 1.0
        reach = between(5.0, 8.5, lesion.severity)
        border = np.float32(2.2) + np.float32(reach) * np.clip(
            (y - hilum) / np.float32(floor - hilum), 0, 1.6
        )
        region = smooth_step(border - outward, 0.6) * smooth_step(y - np.float32(hilum), 1.0)
        strength = between(0.5, 0.85, lesion.severity)
    mottled = np.clip(1 + 0.4 * layered_noise(rng, chest.view.size, ((14, 0.3), (36, 0.25))), 0.5, 1.4)
    return np.asarray(region * mottled * np.float32(strength), dtype=np.float32)
