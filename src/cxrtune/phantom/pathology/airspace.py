"""Air spaces filled with fluid: infiltration (patchy, thin) and consolidation (dense, segmental)."""

from __future__ import annotations

import cv2
import numpy as np

from cxrtune.phantom.chest import Chest, Shadow
from cxrtune.phantom.pathology.kind import between, place_in_lung, smooth_step
from cxrtune.phantom.spec import RIGHT, Lesion
from cxrtune.phantom.texture import layered_noise
from cxrtune.phantom.view import Map


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
    """Without the finest mottle: a box goes around the opacity, not around a stray fleck of it."""
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
