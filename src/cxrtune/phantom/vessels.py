"""The pulmonary vessels: trees in space that start at the hila and thin out towards the pleura."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cxrtune.phantom.anatomy import Anatomy
from cxrtune.phantom.spec import Physique
from cxrtune.phantom.view import Map, View

STEP = 0.8
"""Length of one straight piece of vessel, cm."""

FINEST = 0.048
"""Radius below which a vessel is left to the parenchyma's texture, cm."""

Floats = npt.NDArray[np.float64]


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
