"""The aerated lungs (the rib cage without domes and mediastinum) and their vessels.

Vessels are trees in space that start at the hila and thin out towards the pleura.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cxrtune.phantom.chest import CAGE_ROUNDNESS, Anatomy
from cxrtune.phantom.spec import LEFT, RIGHT, Physique
from cxrtune.phantom.view import Map, View, power

SULCUS_DEPTH = 5.5
"""How far the posterior recess reaches below the dome's silhouette, cm."""

STEP = 0.8
"""Length of one straight piece of vessel, cm."""

FINEST = 0.048
"""Radius below which vessels are part of the texture of the parenchyma, cm."""

Floats = npt.NDArray[np.float64]


def draw_pleural_space(view: View, anatomy: Anatomy) -> Map:
    """Return the depth of the chest cavity above the diaphragm, including the mediastinum.

    Returns:
        float32, (S, S), cm along the beam.
    """
    x, y = view.grid
    width = np.maximum(anatomy.half_width(y), np.float32(1e-3))
    inside = np.clip(1 - power(np.abs(x / width), CAGE_ROUNDNESS), 0, 1)
    cavity = 2 * anatomy.half_depth(y) * power(inside, 1 / CAGE_ROUNDNESS)
    # An apex is a dome of its own, highest in the middle of each lung.
    apex = np.float32(0.15) * (np.abs(x) - np.float32(0.37 * anatomy.cage_half_width)) ** 2
    apex = np.where(y < 4, apex, np.float32(-9))
    cavity = cavity * np.sqrt(np.clip((y - apex) / np.float32(1.0), 0, 1))
    right, left = anatomy.diaphragm(x, RIGHT), anatomy.diaphragm(x, LEFT)
    leftness = np.clip(x / np.float32(7) + np.float32(0.5), 0, 1)
    leftness = leftness * leftness * (3 - 2 * leftness)
    silhouette = right + (left - right) * leftness
    # The beam meets a dome tangentially: its thickness grows with the root of the way below the silhouette.
    below = np.clip((y - silhouette) / np.float32(SULCUS_DEPTH), 0, 1)
    # The recess behind the dome is a lateral one; beside the spine the crura fill it.
    recess = np.clip((np.abs(x) - np.float32(1.5)) / np.float32(4.5), 0, 1)
    above = np.clip(1 - below * np.float32(30), 0, 1)
    return np.asarray(cavity * (1 - power(below, 0.3)) * np.maximum(recess, above), dtype=np.float32)


def draw_lungs(pleural_space: Map, mediastinum: Map) -> Map:
    """Return the depth of aerated lung along the beam.

    Args:
        pleural_space: float32, (S, S), cm, from `draw_pleural_space`.
        mediastinum: float32, (S, S), cm of heart, vessels and fat.

    Returns:
        float32, (S, S), cm.
    """
    return np.asarray(np.maximum(pleural_space - mediastinum, 0), dtype=np.float32)


def draw_vessels(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    """Return the depth of pulmonary vessels along the beam.

    Returns:
        float32, (S, S), cm of blood.
    """
    starts, ends, radii = _grow(physique, anatomy)
    path = np.stack([starts, ends], axis=1)
    path = path[:, :1] + np.linspace(0, 1, 2)[None, :, None] * (path[:, 1:] - path[:, :1])
    calibre = radii[:, None]
    total = np.zeros((view.size, view.size), dtype=np.float32)
    # Wide and narrow pieces are sampled apart: the widest one sets the number of strips.
    for low, high in ((0.0, 0.09), (0.09, 0.2), (0.2, 9.0)):
        chosen = (radii >= low) & (radii < high)
        if chosen.any():
            total += view.tubes(path[chosen], calibre[chosen], calibre[chosen])
    return total


def _grow(physique: Physique, anatomy: Anatomy) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng([physique.seed, 14])
    place, heading, radius, side = _stems(rng, physique, anatomy)
    starts, ends, radii = [], [], []
    for _ in range(30):
        if not len(radius):
            break
        heading = heading + rng.normal(0, 0.11, heading.shape)
        heading /= np.linalg.norm(heading, axis=1, keepdims=True)
        tip = place + STEP * heading
        kept = _within(tip, side, anatomy) & (radius > FINEST)
        starts.append(place[kept])
        ends.append(tip[kept])
        radii.append(radius[kept])
        place, heading, radius, side = _fork(rng, tip[kept], heading[kept], radius[kept] * 0.955, side[kept])
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(radii)


def _stems(
    rng: np.random.Generator, physique: Physique, anatomy: Anatomy
) -> tuple[Floats, Floats, Floats, Floats]:
    """Arteries fan out from the hila; veins run more level from the left atrium below them."""
    angles = np.radians([-78, -58, -40, -20, 2, 22, 40, 55, 68, 80, -10, 15, 34])
    calibre = np.array([0.28, 0.25, 0.25, 0.24, 0.25, 0.27, 0.3, 0.34, 0.38, 0.33, 0.26, 0.28, 0.28])
    vein = np.arange(len(angles)) >= 10
    places, headings, radii, sides = [], [], [], []
    for side in (-1.0, 1.0):
        angle = angles + rng.normal(0, 0.09, len(angles))
        depth = rng.normal(0, 0.35, len(angles))
        heading = np.stack([side * np.cos(angle), np.sin(angle), depth], axis=1)
        level = anatomy.carina + np.where(vein, 5.0, 2.6 - 0.5 * side) + rng.normal(0, 0.9, len(angles))
        x = side * (np.where(vein, 2.4, 2.7) + rng.normal(0, 0.4, len(angles))) + anatomy.mediastinal_shift
        places.append(np.stack([x, level, rng.normal(0.5, 0.8, len(angles))], axis=1))
        headings.append(heading / np.linalg.norm(heading, axis=1, keepdims=True))
        radii.append(calibre * physique.vascularity * rng.uniform(0.85, 1.15, len(angles)))
        sides.append(np.full(len(angles), side))
    return np.concatenate(places), np.concatenate(headings), np.concatenate(radii), np.concatenate(sides)


def _within(tip: Floats, side: Floats, anatomy: Anatomy) -> npt.NDArray[np.bool_]:
    x, y, z = tip.T
    wall = anatomy.half_width(y) - 0.5
    floor = np.where(side < 0, anatomy.diaphragm(x, -1), anatomy.diaphragm(x, 1))
    # Only the posterior lung reaches below the silhouette of the dome.
    floor = floor + np.clip(z, 0, 4)
    depth = anatomy.half_depth(y) * 0.9
    inside = (x * side > 0.5) & (np.abs(x) < wall) & (y > 0.5) & (y < floor) & (np.abs(z) < depth)
    return np.asarray(inside)


def _fork(
    rng: np.random.Generator, tip: Floats, heading: Floats, radius: Floats, side: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    forks = rng.random(len(radius)) < 0.29
    turn = rng.normal(0, 1, heading.shape)
    turn -= (turn * heading).sum(axis=1, keepdims=True) * heading
    turn /= np.maximum(np.linalg.norm(turn, axis=1, keepdims=True), 1e-9)
    turn *= np.array([1.0, 1.0, 0.6])
    bend = rng.uniform(0.3, 0.75, len(radius))[:, None]
    minor = heading[forks] + bend[forks] * turn[forks]
    major = heading - np.where(forks[:, None], 0.35 * bend, 0) * turn
    return (
        np.concatenate([tip, tip[forks]]),
        np.concatenate([major, minor]),
        np.concatenate([radius * np.where(forks, 0.9, 1.0), radius[forks] * 0.76]),
        np.concatenate([side, side[forks]]),
    )
