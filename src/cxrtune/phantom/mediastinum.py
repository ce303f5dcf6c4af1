"""Heart, great vessels and airways: the middle of the image."""

from __future__ import annotations

import numpy as np

from cxrtune.phantom.chest import Anatomy
from cxrtune.phantom.spec import Physique
from cxrtune.phantom.torso import ellipsoid, merge
from cxrtune.phantom.view import Map, View, power


def draw_mediastinum(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    """Return the depth of the solid mediastinum along the beam.

    Returns:
        float32, (S, S), cm.
    """
    return merge(
        _heart(view, physique, anatomy),
        _aorta(view, physique, anatomy),
        _central_column(view, physique, anatomy),
        _hila(view, physique, anatomy),
    )


def draw_airways(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    """Return the depth of air in trachea and main bronchi along the beam.

    Returns:
        float32, (S, S), cm.
    """
    rng = np.random.default_rng([physique.seed, 13])
    shift = anatomy.mediastinal_shift
    carina = np.array([shift - 0.2, anatomy.carina, 1.0])
    top = np.array([rng.normal(0, 0.15), -9.0, -2.5])
    along = np.linspace(0, 1, 40)[:, None]
    # The arch pushes the lower trachea a little to the patient's right.
    bend = np.exp(-((along - 0.85) ** 2) / 0.02) * np.array([-0.35, 0.0, 0.0])
    trachea = top + (carina - top) * along + bend
    right = carina + along * np.array([-3.6, 3.8, 1.0])
    left = carina + along * np.array([4.4, 3.0, 1.0])
    thin_out = np.clip(1.25 - along[:, 0], 0.2, 1)
    radius = 0.85 if physique.sex == "F" else 1.0
    windpipe = view.tubes(trachea[None], np.full((1, 1), radius), np.full((1, 1), radius))
    bronchi = view.tubes(
        np.stack([right, left]), np.full((2, 1), 0.58), np.full((2, 1), 0.55), np.stack([thin_out, thin_out])
    )
    return windpipe + bronchi


def _heart(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    half = anatomy.heart_half_width
    depth = 0.74 * anatomy.cage_half_depth
    floor = 0.5 * (anatomy.dome[0] + anatomy.dome[1])
    middle = anatomy.mediastinal_shift - view.yaw * 4.0
    tilt = physique.heart_tilt
    ventricle = ellipsoid(
        view, (middle + 0.44 * half, floor - 0.4 * half), (1.02 * half, 0.68 * half, depth), tilt
    )
    atrium = ellipsoid(
        view, (middle - 0.04 * half, floor - 0.62 * half), (0.54 * half, 1.0 * half, 0.8 * depth), 0.0
    )
    outflow = ellipsoid(
        view, (middle + 0.3 * half, floor - 1.05 * half), (1.0 * half, 0.46 * half, 0.72 * depth), 68.0
    )
    x, y = view.grid
    # The heart rests on the diaphragm: below its silhouette there is nothing of it.
    dome = np.where(x < middle, anatomy.diaphragm(x, -1), anatomy.diaphragm(x, 1))
    resting = np.clip(1 - (y - dome) / np.float32(1.2), 0, 1)
    return np.asarray(merge(ventricle, atrium, outflow) * resting, dtype=np.float32)


def _aorta(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    radius = physique.aorta_radius
    shift = anatomy.mediastinal_shift
    arch = anatomy.carina - 1.6
    knob = ellipsoid(view, (shift + 1.45, arch), (1.02 * radius, 1.3 * radius, 3.4))
    along = np.linspace(0, 1, 24)
    descending = np.stack(
        [shift + 1.75 - 0.9 * along**2, arch + along * (anatomy.dome[1] + 6 - arch), np.full(24, 5.5)],
        axis=-1,
    )
    ascending = np.stack(
        [shift - 1.2 - 0.7 * np.sin(np.pi * along), arch + 7.5 * along, np.full(24, -2.0)], axis=-1
    )
    calibre = np.full((2, 1), 0.82 * radius)
    return merge(knob, view.tubes(np.stack([descending, ascending]), calibre, calibre))


def _central_column(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    """Spine, oesophagus, fat and the vessels of the thoracic inlet: no lung in front or behind."""
    x, y = view.grid
    shift = np.float32(0.6 * anatomy.mediastinal_shift)
    inlet = np.float32(1.5) * np.exp(-np.clip(y + 0.5, 0, None) / np.float32(4.0))
    right = 1.8 + inlet + np.float32(0.04 * physique.chest_wall)
    left = 1.85 + inlet + np.float32(0.04 * physique.chest_wall)
    width = np.where(x < shift, right, left)
    shape = power(np.clip(1 - power(np.abs((x - shift) / width), 3), 0, 1), 0.7)
    # At the inlet vessels and fat fill the whole depth; lower down the lungs meet in front of the spine.
    share = np.float32(0.64) + np.float32(0.6) * np.exp(-((np.clip(y, 0, None) / np.float32(7)) ** 2))
    depth = 2.0 * anatomy.half_depth(np.maximum(y, np.float32(0.0))) * share
    return np.asarray(depth * shape, dtype=np.float32)


def _hila(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    shift = anatomy.mediastinal_shift
    level = anatomy.carina + 2.6
    big = physique.vascularity
    right = ellipsoid(view, (shift - 3.0, level + 0.7), (0.95 * big, 2.0 * big, 0.9 * big), -14.0)
    left = ellipsoid(view, (shift + 3.1, level - 0.5), (1.0 * big, 1.6 * big, 0.9 * big), 16.0)
    return right + left
