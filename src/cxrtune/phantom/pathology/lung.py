"""Findings within the lung.

Round ones (nodule below 3 cm, mass from 3 cm), air spaces filled with fluid (infiltration, patchy and thin;
consolidation, dense and segmental), and collapse (plates above the diaphragm, or a lobe that shrinks and
draws its neighbours along).
"""

from __future__ import annotations

import cv2
import numpy as np

from cxrtune.phantom.chest import LUNG_DENSITY, Chest, Shadow
from cxrtune.phantom.pathology.kind import Shift, between, place_in_lung, smooth_step
from cxrtune.phantom.spec import RIGHT, Lesion
from cxrtune.phantom.torso import merge
from cxrtune.phantom.view import Map, layered_noise


def draw_nodule(lesion: Lesion, chest: Chest) -> Shadow:
    """Add a small, mostly round and sharp opacity of 1.8 to 3 cm, partly calcified."""
    rng = np.random.default_rng([lesion.seed, 41])
    centre = place_in_lung(rng, chest, lesion.side, (0.14, 0.92))
    radius = between(0.9, 1.5, lesion.severity)
    solid = _ball(chest, centre, radius, rng, lumps=0.1)
    return _opacity(chest, solid, rng.uniform(1.5, 2.0))


def draw_mass(lesion: Lesion, chest: Chest) -> Shadow:
    """Add a round or lobulated opacity of 4 to 9 cm."""
    rng = np.random.default_rng([lesion.seed, 42])
    centre = place_in_lung(rng, chest, lesion.side, (0.2, 0.8))
    radius = between(2.3, 4.4, lesion.severity)
    lobes = [_ball(chest, centre, radius, rng, lumps=0.2)]
    for _ in range(int(rng.integers(0, 4))):
        angle = rng.uniform(0, 2 * np.pi)
        aside = radius * rng.uniform(0.4, 0.75)
        place = (centre[0] + aside * np.cos(angle), centre[1] + aside * np.sin(angle))
        lobes.append(_ball(chest, place, radius * rng.uniform(0.4, 0.65), rng, lumps=0.12))
    # Few masses have a border as sharp as that of a ball of water: they grow into the lung.
    blurred = cv2.GaussianBlur(merge(*lobes), (0, 0), rng.uniform(0.06, 0.2) * chest.view.scale)
    return _opacity(chest, np.asarray(blurred, dtype=np.float32), rng.uniform(1.05, 1.25))


def _ball(
    chest: Chest, centre: tuple[float, float], radius: float, rng: np.random.Generator, *, lumps: float
) -> Map:
    """Depth of a ball whose surface is a little uneven, cm."""
    x, y = chest.view.grid
    flat = rng.uniform(0.85, 1.15)
    dx, dy = (x - np.float32(centre[0])) / np.float32(flat), (y - np.float32(centre[1])) * np.float32(flat)
    waves = max(6, round(chest.view.field_of_view / radius))
    uneven = layered_noise(rng, chest.view.size, ((waves, lumps), (2 * waves, 0.6 * lumps)))
    share = (dx * dx + dy * dy) / np.float32(radius**2) * (1 + uneven)
    return np.asarray(2 * radius * np.sqrt(np.maximum(1 - share, 0)), dtype=np.float32)


def _opacity(chest: Chest, depth: Map, density: float) -> Shadow:
    """Return tissue that displaces lung, limited to the depth of lung."""
    displaced = np.minimum(depth, np.maximum(chest.lungs, np.float32(0.3) * depth))
    solid = np.float32((1 - LUNG_DENSITY) * density) * displaced
    return Shadow(weight=solid, solid=solid)


def draw_infiltration(lesion: Lesion, chest: Chest) -> Shadow:
    """Add a patchy, ill-defined veil through which the vessels stay visible."""
    rng = np.random.default_rng([lesion.seed, 43])
    lung = chest.lung(lesion.side)
    x, y = chest.view.grid
    centre = place_in_lung(rng, chest, lesion.side, (0.35, 1.0))
    spread = between(2.8, 4.6, lesion.severity) * rng.uniform(0.85, 1.2)
    tall = rng.uniform(0.9, 1.5)
    distance = (
        (x - np.float32(centre[0])) ** 2 + ((y - np.float32(centre[1])) / np.float32(tall)) ** 2
    ) / np.float32(spread**2)
    patches = layered_noise(rng, chest.view.size, ((11, 0.5), (22, 0.42), (44, 0.32), (80, 0.2)))
    veil = np.exp(-distance) * np.clip(0.75 + patches, 0, 2)
    filling = np.clip(np.float32(between(0.22, 0.46, lesion.severity)) * veil, 0, 0.6) * chest.presence(
        lesion.side
    )
    return Shadow(weight=_softened(filling * lung, chest), filling=np.asarray(filling, dtype=np.float32))


def draw_consolidation(lesion: Lesion, chest: Chest) -> Shadow:
    """Add a dense segmental opacity with air bronchograms, one border on a fissure."""
    rng = np.random.default_rng([lesion.seed, 44])
    lung = chest.lung(lesion.side)
    x, y = chest.view.grid
    upper = rng.random() < 0.4
    centre = place_in_lung(rng, chest, lesion.side, (0.22, 0.4) if upper else (0.62, 0.95))
    spread = between(4.0, 6.4, lesion.severity)
    edge = layered_noise(rng, chest.view.size, ((8, 0.28), (17, 0.16), (38, 0.1)))
    dx, dy = (x - np.float32(centre[0])) / np.float32(1.15), y - np.float32(centre[1])
    region = smooth_step(np.float32(spread) * (1 + edge) - np.sqrt(dx * dx + dy * dy), rng.uniform(1.6, 3.0))
    slope = rng.uniform(-0.12, 0.12) if lesion.side == RIGHT else rng.uniform(0.2, 0.5)
    bow = np.float32(rng.normal(0.02, 0.02)) * dx * dx + np.float32(0.8) * edge
    fissure = np.float32(centre[1] + (0.35 if upper else -0.35) * spread) + slope * dx + bow
    region = region * smooth_step((fissure - y) if upper else (y - fissure), rng.uniform(0.5, 1.4))
    mottled = np.clip(
        1 + 0.5 * layered_noise(rng, chest.view.size, ((14, 0.35), (40, 0.2), (90, 0.12))), 0.4, 1.3
    )
    filling = np.clip(
        region * mottled * np.float32(between(0.48, 0.7, lesion.severity)), 0, 0.9
    ) * chest.presence(lesion.side)
    bronchograms = _bronchograms(chest, lesion.side, centre, spread, rng) * filling * np.clip(lung / 4, 0, 1)
    return Shadow(
        weight=_softened(filling * lung, chest),
        filling=np.asarray(filling, dtype=np.float32),
        solid=-bronchograms,
    )


def _softened(weight: Map, chest: Chest) -> Map:
    """Return the weight without the finest mottle, so that a box excludes isolated specks."""
    return np.asarray(cv2.GaussianBlur(weight, (0, 0), 0.4 * chest.view.scale), dtype=np.float32)


def _bronchograms(
    chest: Chest, side: int, centre: tuple[float, float], spread: float, rng: np.random.Generator
) -> Map:
    """Air in the bronchi that fan out from the hilum through the opacity, cm."""
    anatomy = chest.anatomy
    hilum = np.array([side * 3.2 + anatomy.mediastinal_shift, anatomy.carina + 3.0])
    t = np.linspace(0, 1, 30)[:, None]
    paths = []
    for _ in range(6):
        target = np.array(centre) + rng.normal(0, 0.55 * spread, 2)
        bow = np.sin(np.pi * t) * rng.normal(0, 0.7, 2)
        flat = hilum + t * (target - hilum) * 1.1 + bow
        paths.append(np.concatenate([flat, np.zeros_like(t)], axis=1))
    calibre = np.repeat((0.24 - 0.14 * t).T, len(paths), axis=0)
    return np.float32(1.6) * chest.view.tubes(np.stack(paths), calibre, calibre)


def is_lobar(lesion: Lesion) -> bool:
    """Return whether a lobe has collapsed; otherwise the lesion is plate-like."""
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
