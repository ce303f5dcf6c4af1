"""The pleural space: fluid that sinks, air that rises, and a rind on the chest wall."""

from __future__ import annotations

import numpy as np

from cxrtune.phantom.chest import Chest, Shadow
from cxrtune.phantom.pathology.kind import Shift, between, smooth_step
from cxrtune.phantom.spec import LEFT, Lesion
from cxrtune.phantom.view import Map, layered_noise


def effusion_shift(lesion: Lesion) -> Shift:
    """Return the push of a large effusion: it moves the mediastinum away."""
    return Shift(0.0, -between(0.0, 0.9, max(0.0, 2 * lesion.severity - 1)))


def draw_effusion(lesion: Lesion, chest: Chest) -> Shadow:
    """Add fluid below a meniscus that climbs the lateral chest wall: a blunted angle up to half the chest."""
    rng = np.random.default_rng([lesion.seed, 47])
    x, y = chest.view.grid
    anatomy, side = chest.anatomy, lesion.side
    lung = chest.lung(side)
    sulcus = anatomy.sulcus[1] if side == LEFT else anatomy.sulcus[0]
    amount = 2.0 + 10.5 * lesion.severity**1.6 + rng.uniform(0, 0.6)
    level = anatomy.dome_of(side) + sulcus - amount
    across = np.clip(np.abs(x) / np.maximum(anatomy.half_width(y), np.float32(1)), 0, 1)
    climb = between(1.6, 4.0, lesion.severity)
    meniscus = np.float32(level + 0.25 * climb) - np.float32(climb) * (across**5 + 0.12 * (1 - across) ** 2)
    below = np.asarray(y - meniscus, dtype=np.float32)
    # Fluid surrounds the lung: the depth of it grows on the way down.
    filling = smooth_step(below, 0.9) * (0.45 + 0.5 * np.clip(below / np.float32(3.5), 0, 1))
    veil = np.float32(0.12 * lesion.severity if chest.spec.exposure.view == "AP" else 0.02)
    haze = veil * smooth_step(below + np.float32(9), 6.0)
    filling = np.asarray(np.clip(np.maximum(filling, haze), 0, 0.97) * chest.presence(side), dtype=np.float32)
    return Shadow(
        weight=np.where(filling > 0.3, filling * np.minimum(lung, np.float32(2)), 0), filling=filling
    )


def pneumothorax_shift(lesion: Lesion) -> Shift:
    """Return the push of a large pneumothorax: dome down, mediastinum away."""
    tension = max(0.0, lesion.severity - 0.6)
    return Shift(-1.5 * tension, -1.6 * tension)


def draw_pneumothorax(lesion: Lesion, chest: Chest) -> Shadow:
    """Take the lung off the chest wall: a thin pleural line, and only air outside it."""
    rng = np.random.default_rng([lesion.seed, 48])
    _, y = chest.view.grid
    lung = chest.lung(lesion.side)
    apical = between(0.9, 4.2, lesion.severity) * rng.uniform(0.9, 1.15)
    lateral = between(0.35, 3.6, lesion.severity**1.2)
    reach = between(9.0, 30.0, lesion.severity)
    outside = _outside_of(
        chest, lesion.side, apical, np.float32(lateral) * np.exp(-((y / np.float32(reach)) ** 2))
    )
    present = chest.presence(lesion.side)
    free = smooth_step(outside, 0.12) * present
    line = np.exp(-((outside / np.float32(0.075)) ** 2)) * np.clip(lung / 2, 0, 1)
    # Air in front of and behind the collapsed lung thins it from its border inwards.
    thinned = 0.3 * np.exp(-np.clip(-outside, 0, None) / np.float32(1.5)) * (outside <= 0) * present
    denser = np.float32(between(0.02, 0.16, lesion.severity)) * (1 - free) * present
    return Shadow(
        weight=free * np.clip(0.4 * lung - 0.6, 0, 1),
        filling=np.asarray(denser, dtype=np.float32),
        free_air=np.asarray(np.maximum(free, thinned), dtype=np.float32),
        solid=np.asarray(0.42 * line, dtype=np.float32),
    )


def draw_pleural_thickening(lesion: Lesion, chest: Chest) -> Shadow:
    """Line the lateral or apical chest wall with a dense strip."""
    rng = np.random.default_rng([lesion.seed, 49])
    _, y = chest.view.grid
    anatomy, side = chest.anatomy, lesion.side
    lung = chest.lung(side)
    thickness = between(0.6, 1.6, lesion.severity)
    uneven = np.clip(1 + layered_noise(rng, chest.view.size, ((10, 0.25), (24, 0.2))), 0.3, 1.8)
    if rng.random() < 0.35:
        apical, lateral = 1.5 * thickness, np.float32(thickness) * np.exp(-((y / np.float32(4.5)) ** 2))
        extent = smooth_step(np.float32(between(3.5, 7.0, lesion.severity)) - y, 1.5)
    else:
        middle = rng.uniform(0.45, 0.9) * anatomy.dome_of(side)
        half = between(3.5, 7.5, lesion.severity)
        apical = 0.0
        extent = np.exp(-(((y - np.float32(middle)) / np.float32(half)) ** 4))
        lateral = np.float32(thickness) * extent
    outside = _outside_of(chest, side, apical, lateral * uneven)
    filling = (
        smooth_step(outside, 0.3)
        * extent
        * np.float32(between(0.75, 0.95, lesion.severity))
        * chest.presence(side)
    )
    filling = np.asarray(np.clip(filling, 0, 0.95), dtype=np.float32)
    return Shadow(weight=filling * np.clip(lung, 0, 3), filling=filling)


def _outside_of(chest: Chest, side: int, apical: float, lateral: Map) -> Map:
    """Distance (cm) outside a pleura that lies `apical` below the apex and `lateral` inside the wall."""
    x, y = chest.view.grid
    lower = y - np.float32(apical)
    border = chest.anatomy.half_width(lower) - lateral
    step = np.float32(0.25)
    steepness = (chest.anatomy.half_width(lower + step) - chest.anatomy.half_width(lower - step)) / (2 * step)
    return np.asarray((x * side - border) / np.sqrt(1 + np.minimum(steepness, 30) ** 2), dtype=np.float32)
