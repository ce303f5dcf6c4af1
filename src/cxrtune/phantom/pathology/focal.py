"""Round lesions: nodule (below 3 cm) and mass (from 3 cm)."""

from __future__ import annotations

import cv2
import numpy as np

from cxrtune.phantom.chest import LUNG_DENSITY, Chest, Shadow
from cxrtune.phantom.pathology.kind import between, place_in_lung
from cxrtune.phantom.spec import Lesion
from cxrtune.phantom.texture import layered_noise
from cxrtune.phantom.torso import merge
from cxrtune.phantom.view import Map


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
    # Few masses end as sharply as a ball of water would: their border grows into the lung.
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
    """Tissue that displaces lung, as far as there is lung to displace."""
    displaced = np.minimum(depth, np.maximum(chest.lungs, np.float32(0.3) * depth))
    solid = np.float32((1 - LUNG_DENSITY) * density) * displaced
    return Shadow(weight=solid, solid=solid)
