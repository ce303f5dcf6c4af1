"""The soft tissue outside the rib cage: torso, neck, shoulders, arms and breasts."""

from __future__ import annotations

import numpy as np

from cxrtune.phantom.chest import Anatomy
from cxrtune.phantom.spec import Exposure, Physique
from cxrtune.phantom.view import Map, View, layered_noise, power


def ellipsoid(
    view: View,
    centre: tuple[float, float],
    half_axes: tuple[float, float, float],
    angle: float = 0.0,
    fullness: float = 0.5,
) -> Map:
    """Return the thickness of an ellipsoid along the beam.

    Args:
        view: The projection.
        centre: Patient coordinates (x, y), cm.
        half_axes: Along its own first axis, along the second, and along the beam, cm.
        angle: Of the first axis below the horizontal towards the patient's left, degrees.
        fullness: Exponent of the thickness; 0.5 is an ellipsoid, less is blunter at the edge.

    Returns:
        float32, (S, S), cm.
    """
    x, y = view.grid
    cosine, sine = np.float32(np.cos(np.radians(angle))), np.float32(np.sin(np.radians(angle)))
    dx, dy = x - np.float32(centre[0]), y - np.float32(centre[1])
    first = (cosine * dx + sine * dy) / np.float32(half_axes[0])
    second = (cosine * dy - sine * dx) / np.float32(half_axes[1])
    inside = np.maximum(1 - first * first - second * second, 0)
    chord = np.sqrt(inside) if fullness == 0.5 else power(inside, fullness)
    return np.asarray(2 * half_axes[2] * chord, dtype=np.float32)


def merge(*parts: Map) -> Map:
    """Return the thickness of parts that overlap in space: about the largest, with rounded joints.

    Args:
        *parts: float32, (S, S), thicknesses in cm.

    Returns:
        float32, (S, S), cm.
    """
    total = np.zeros_like(parts[0])
    for part in parts:
        square = part * part
        total += square * square
    return np.asarray(np.sqrt(np.sqrt(total)), dtype=np.float32)


def draw_torso(view: View, physique: Physique, exposure: Exposure, anatomy: Anatomy) -> Map:
    """Return the thickness of the whole body along the beam, as if the chest were solid.

    Returns:
        float32, (S, S), cm; 0 outside the body.
    """
    body = merge(
        _trunk(view, physique, anatomy),
        _neck(view, physique),
        *(_shoulder(view, physique, side) for side in (-1, 1)),
        *(_arm(view, physique, exposure, side) for side in (-1, 1)),
    )
    grain = layered_noise(
        np.random.default_rng([physique.seed, 17]), view.size, ((7, 0.22), (15, 0.14), (33, 0.08))
    )
    # Fat planes and muscle bellies are not drawn individually; they are approximated by uneven shading.
    body = body + grain * np.clip(body / 8, 0, 1) * (body > 0)
    if physique.breast > 0:
        body = body + _breasts(view, physique, exposure, anatomy)
    return body


def _trunk(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    x, y = view.grid
    wall = physique.chest_wall
    width = anatomy.half_width(np.maximum(y, np.float32(4.5))) + np.float32(wall)
    # Latissimus and pectoral folds close the axilla above mid-chest.
    width += np.float32(0.9) * np.exp(-(((y - 8) / np.float32(5)) ** 2))
    depth = anatomy.cage_half_depth + 0.45 * wall + 0.6
    taper = 1 / (1 + np.exp(-(y - np.float32(1.0)) / np.float32(1.3)))
    shape = power(np.clip(1 - power(np.abs(x / width), 2.4), 0, 1), 1 / 2.4)
    return np.asarray(2 * depth * (0.72 + 0.28 * np.clip(y / 14, 0, 1)) * shape * taper, dtype=np.float32)


def _neck(view: View, physique: Physique) -> Map:
    x, y = view.grid
    half = 5.2 + 0.25 * physique.chest_wall
    flare = half + np.float32(2.2) * np.exp(np.clip((y + 3.0) / np.float32(2.0), -6, 1.2))
    shape = power(np.maximum(1 - (x / flare) ** 2, 0), 0.4)
    fade = 1 / (1 + np.exp((y - np.float32(1.5)) / np.float32(1.2)))
    return np.asarray(2 * 7.0 * shape * fade, dtype=np.float32)


def _shoulder(view: View, physique: Physique, side: int) -> Map:
    top = 2.9 + physique.shoulder_drop
    wall = physique.chest_wall
    girdle = ellipsoid(
        view, (side * 9.5, top), (12.0, 5.8 + 0.4 * wall, 7.0 + 0.35 * wall), side * 10.0, 0.36
    )
    deltoid = ellipsoid(
        view, (side * 17.0, top + 2.3), (4.6 + 0.4 * wall, 6.2, 5.4 + 0.3 * wall), side * 12.0, 0.4
    )
    return merge(girdle, deltoid)


def _arm(view: View, physique: Physique, exposure: Exposure, side: int) -> Map:
    x, y = view.grid
    angle = np.radians(exposure.arm_abduction)
    start = (side * 18.2, 5.0 + physique.shoulder_drop)
    along = (x - np.float32(start[0])) * np.float32(side * np.sin(angle)) + (
        y - np.float32(start[1])
    ) * np.float32(np.cos(angle))
    across = (x - np.float32(start[0])) * np.float32(np.cos(angle)) - (y - np.float32(start[1])) * np.float32(
        side * np.sin(angle)
    )
    radius = 3.7 + 0.45 * physique.chest_wall
    shape = np.sqrt(np.maximum(1 - (across / np.float32(radius)) ** 2, 0))
    begins = 1 / (1 + np.exp(-along / np.float32(0.8)))
    return np.asarray(2 * radius * 0.95 * shape * begins, dtype=np.float32)


def _breasts(view: View, physique: Physique, exposure: Exposure, anatomy: Anatomy) -> Map:
    rng = np.random.default_rng([physique.seed, 12])
    x, y = view.grid
    total = np.zeros_like(x)
    height = 5.4 * anatomy.rib_pitch + rng.normal(0, 0.8) + 0.3 * physique.breast
    for side in (-1, 1):
        half_width = 5.6 + 0.35 * physique.breast + rng.normal(0, 0.2)
        half_height = 4.6 + 0.4 * physique.breast
        centre = (side * 0.62 * anatomy.cage_half_width, height + rng.normal(0, 0.25))
        dx = (x - np.float32(centre[0])) / np.float32(half_width)
        dy = (y - np.float32(centre[1])) / np.float32(half_height)
        inside = np.maximum(1 - dx * dx - dy * dy, 0)
        # The tissue hangs down: thick and sharply outlined below, thinner towards the top.
        weight = np.clip(0.55 + 0.75 * dy, 0, 1.2)
        hang = 0.75 if exposure.view == "AP" else 1.0
        total += np.float32(physique.breast * hang) * np.sqrt(inside) * weight
    return np.asarray(total, dtype=np.float32)
